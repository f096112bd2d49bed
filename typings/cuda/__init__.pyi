"""For the type checker: cuda-bindings and cuda-core are compiled and say nothing of types."""
