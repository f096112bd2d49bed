"""Drums, speech and noise, synthesised: float32 at RATE."""

from collections.abc import Iterable

import numpy as np

RATE = 48_000
Random = np.random.Generator


def place(seconds: float, hits: Iterable[tuple[float, np.ndarray]]) -> np.ndarray:
    """Return silence in which sounds begin at their times [s]."""
    samples = np.zeros(int(seconds * RATE))
    for at, sound in hits:
        start = round(at * RATE)
        part = sound[: max(0, len(samples) - start)]
        samples[start : start + len(part)] += part
    return samples


def kick(amplitude: float = 0.8) -> np.ndarray:
    """A tone that falls from 150 to 50 Hz."""
    t = np.arange(int(0.25 * RATE)) / RATE
    turns = 50 * t + 100 * 0.03 * (1 - np.exp(-t / 0.03))
    return amplitude * np.exp(-t / 0.07) * np.sin(2 * np.pi * turns)


def burst(random: Random, seconds: float, amplitude: float, above: float) -> np.ndarray:
    """Noise above a frequency [Hz] that dies away: a hat, a clap."""
    count = int(seconds * RATE)
    spectrum = np.fft.rfft(random.standard_normal(count))
    spectrum[np.fft.rfftfreq(count, 1 / RATE) < above] = 0.0
    noise = np.fft.irfft(spectrum, count)
    fall = np.exp(-np.arange(count) / RATE / (seconds / 4))
    return amplitude * noise / np.abs(noise).max() * fall


def clicks(bpm: float, seconds: float, first: float = 0.1) -> np.ndarray:
    t = np.arange(int(0.01 * RATE)) / RATE
    click = 0.8 * np.sin(2 * np.pi * 1500 * t) * np.exp(-t / 0.002)
    samples = place(seconds, [(at, click) for at in np.arange(first, seconds, 60 / bpm)])
    return samples.astype(np.float32)


def kick_and_hat(bpm: float, seconds: float, first: float = 0.1, hat: float = 0.3) -> np.ndarray:
    """A kick on each beat, a hat between them."""
    random, beat = np.random.default_rng(int(bpm)), 60 / bpm
    hits = [(at, kick()) for at in np.arange(first, seconds, beat)]
    hats = np.arange(first + beat / 2, seconds, beat)
    hits += [(at, burst(random, 0.06, hat, 6000)) for at in hats]
    return place(seconds, hits).astype(np.float32)


def house(bpm: float, seconds: float, first: float = 0.1, hat: float = 0.3) -> np.ndarray:
    """The same, with a clap on the second and fourth beat, and some noise."""
    random, beat = np.random.default_rng(int(bpm)), 60 / bpm
    claps = np.arange(first + beat, seconds, 2 * beat)
    hits = [(at, burst(random, 0.15, 0.5, 1000)) for at in claps]
    noise = 0.003 * random.standard_normal(int(seconds * RATE))
    samples = place(seconds, hits) + noise + kick_and_hat(bpm, seconds, first, hat)
    return samples.astype(np.float32)


def rock(bpm: float, seconds: float, first: float = 0.1, hat: float = 0.25) -> np.ndarray:
    """A drum kit: kick on one and three, snare on two and four, hats in eighths, some noise."""
    random, beat = np.random.default_rng(int(bpm)), 60 / bpm
    hits = [(at, kick()) for at in np.arange(first, seconds, 2 * beat)]
    hits += [(at, snare(random)) for at in np.arange(first + beat, seconds, 2 * beat)]
    hits += [(at, burst(random, 0.05, hat, 6000)) for at in np.arange(first, seconds, beat / 2)]
    noise = 0.003 * random.standard_normal(int(seconds * RATE))
    return (place(seconds, hits) + noise).astype(np.float32)


def snare(random: Random, amplitude: float = 0.6) -> np.ndarray:
    """A tone of 190 Hz, and the rattle of the wires."""
    t = np.arange(int(0.2 * RATE)) / RATE
    tone = 0.5 * np.exp(-t / 0.05) * np.sin(2 * np.pi * 190 * t)
    return amplitude * (tone + burst(random, 0.2, 0.8, 400))


def random_hits(seconds: float, seed: int) -> np.ndarray:
    """Drums at times that have no beat, two to five a second."""
    random = np.random.default_rng(seed)
    rate = (2.0, 3.0, 5.0)[seed % 3]
    hits, at = [], 0.1
    while at < seconds:
        sound = kick() if random.random() < 0.5 else burst(random, 0.08, 0.6, 2000)
        hits.append((at, random.choice([0.3, 0.6, 0.9]) * sound))
        at += 0.08 + random.exponential(1 / rate)
    return place(seconds, hits).astype(np.float32)


def speech(seconds: float, seed: int) -> np.ndarray:
    """Syllables of harmonics with two formants, hisses between them, and pauses."""
    random = np.random.default_rng(seed)
    hits, at = [], 0.2
    while at < seconds:
        for _ in range(random.integers(3, 12)):
            length = float(np.clip(random.lognormal(np.log(0.17), 0.35), 0.07, 0.5))
            if random.random() < 0.4:
                hiss = burst(random, random.uniform(0.04, 0.12), random.uniform(0.03, 0.15), 2500)
                hits.append((at, hiss))
                at += len(hiss) / RATE
            hits.append((at, _syllable(random, length)))
            at += length * random.uniform(0.8, 1.15)
        at += random.uniform(0.2, 0.9)
    samples = place(seconds, hits) + 0.001 * random.standard_normal(int(seconds * RATE))
    return samples.astype(np.float32)


def _syllable(random: Random, seconds: float) -> np.ndarray:
    t = np.arange(int(seconds * RATE)) / RATE
    pitch = random.uniform(95, 140)
    turns = np.cumsum(pitch * (1 - 0.2 * t / seconds)) / RATE
    first, second = random.uniform(300, 800), random.uniform(900, 2300)
    voice = np.zeros(len(t))
    for harmonic in range(1, 24):
        frequency = pitch * harmonic
        peaks = (((frequency - first) / 120) ** 2, ((frequency - second) / 200) ** 2)
        loudness = np.exp(-peaks[0]) + 0.6 * np.exp(-peaks[1]) + 0.05
        voice += np.sin(2 * np.pi * harmonic * turns) * loudness
    rise, fall = np.minimum(1, t / 0.03), np.minimum(1, (seconds - t) / 0.05)
    return voice * rise * fall * random.uniform(0.1, 0.3)
