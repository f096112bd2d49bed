"""StyleGAN-XL's generator: Sauer et al. 2022, "StyleGAN-XL: Scaling StyleGAN to Large Datasets".

The synthesis is StyleGAN3's, grown by superresolution stages: `config` has its options, stages and
layers, `mapping` the mapping network with class embeddings, `infer` options from the names and
shapes of tensors.
"""
