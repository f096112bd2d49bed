"""What the program says about itself, once a frame: a read-only snapshot.

Every owner gives its own part; `Status`, at the end, is all of them together. The GUI shows nothing
that it fetched itself; whatever it needs to know is in here.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from sgview.state.commands import Command
from sgview.state.machine import LayerTimes, MemoryStatus, Timing
from sgview.state.morph import Easing
from sgview.state.motion import Motion
from sgview.state.networks import NetworkStatus, Slot
from sgview.state.output_frame import OutputFrame
from sgview.state.recording import Recording
from sgview.state.sound import Sound


class BlendGroup(Struct, frozen=True):
    """One row of the blend panel."""

    name: str
    is_blendable: bool
    reason: str = ""  # why not, or which tensors of it are left out


class LoadStatus(Struct, frozen=True):
    """A checkpoint that is being read."""

    slot: Slot
    path: str
    progress: float  # 0..1


class Offer(Struct, frozen=True):
    """What a button of a notice does about it."""

    label: str  # "Unload B"
    command: Command


class Notice(Struct, frozen=True):
    """Something the user should know and can mend: what, where, what to do."""

    id: int
    level: Literal["info", "warning", "error"]
    text: str
    hint: str = ""
    repeats: int = 1
    resting: str = ""  # the part of the program that rests until a button here wakes it
    offer: Offer | None = None  # another button


class PathPrompt(Struct, frozen=True):
    """A file to be named in a text field, where the system has no file dialog.

    The panel answers with `AnswerPathPrompt`.
    """

    title: str  # "Open network A"
    suggestion: str = ""  # what the field starts with


class DownloadStatus(Struct, frozen=True):
    """A network that is asked for at an address, offered, or on its way here."""

    slot: Slot
    name: str  # of the file
    host: str  # who sends it
    is_question: bool = False  # whether the user is to agree
    is_private: bool = True  # encrypted on its way
    received: int = 0  # bytes
    size: int | None = None  # bytes; None: unknown
    licence: str = ""  # as `page` gives it, where it is known
    page: str = ""


class ChannelStatistics(Struct, frozen=True):
    """Statistics of the shown layer, before normalisation and gain."""

    mean: float
    std: float
    max_abs: float
    shown_mean: float  # the same over the shown channels only
    shown_std: float
    shown_max_abs: float


class EditStatus(Struct, frozen=True):
    """The value an edit has at this instant, in the order of `Params.edits`."""

    amount: float
    error: str = ""  # why it does not act, e.g. an expression that does not evaluate


class PictureStatus(Struct, frozen=True):
    """What is on the screen."""

    layer: str = ""  # full name of the layer shown, "" for the image
    size: tuple[int, int] = (0, 0)  # width, height [px]
    channels: int = 0  # channels that layer has
    statistics: ChannelStatistics | None = None
    is_finite: bool = True
    made_by: str = ""  # how the network was computed, and why so
    canvas: str = ""  # the size of the image, and how much larger it could be
    layer_sizes: tuple[tuple[int, int], ...] = ()  # on a canvas [px]; (): as in the network
    image_size: tuple[int, int] = (0, 0)  # of the whole image there [px]
    latent: tuple[float, ...] = ()  # the vector that drives the network, as the strip shows it
    blend_groups: tuple[BlendGroup, ...] = ()
    timings: tuple[Timing, ...] = ()  # stages of the last picture whose times are known
    clock: Literal["GPU", "host"] = "host"  # what times them


SignalSource = Literal["expression", "osc", "midi", "audio", "mouse", "slider"]


class BindingStatus(Struct, frozen=True):
    """What a bound value is at this instant."""

    value: float
    source: SignalSource = "expression"  # where the expression gets its movement from
    error: str = ""  # why it has no new value; the last good one stays
    is_waiting: bool = False  # the error is only that nothing has been heard yet


class SliderStatus(Struct, frozen=True):
    """A slider of the user's own, made by `slider("energy", 0, 1)` in an expression."""

    name: str
    low: float
    high: float
    value: float


class OscStatus(Struct, frozen=True):
    """OSC messages in and out."""

    listens_at: str = ""  # "127.0.0.1:9000"; "" while not listening
    reason: str = ""  # why not
    sends_to: str = ""
    rate: float = 0.0  # messages that came in [1/s]
    last: str = ""  # the newest message, as text


class MidiStatus(Struct, frozen=True):
    """MIDI devices."""

    reason: str = ""  # why there is no MIDI
    devices: tuple[str, ...] = ()  # the open ones
    last: str = ""  # the newest message, as text
    picks_up: bool = True


class Learning(Struct, frozen=True):
    """A value that waits for a controller or message."""

    path: str
    source: Literal["osc", "midi"]


class LookStatus(Struct, frozen=True):
    """A stored state that can be recalled."""

    name: str
    key: int = 0  # 1..9; 0: none
    texture: int = 0  # its thumbnail, as the graphics library names it; 0: none
    problem: str = ""  # why its file cannot be used
    is_shipped: bool = False  # came with the program: can be recalled, not changed


class VisitedStatus(Struct, frozen=True):
    """A place in latent space that has played."""

    place: str  # see `latent_places.py`
    texture: int = 0  # its thumbnail; 0: none yet
    is_kept: bool = False


class LatentStatus(Struct, frozen=True):
    """A latent of the library."""

    name: str
    texture: int = 0


class DirectionsStatus(Struct, frozen=True):
    """What is known of directions in w."""

    network: str = ""  # fingerprint of the one that plays; "": not known yet
    names: dict[str, str] = {}  # of the user's, by direction
    files: tuple[str, ...] = ()  # in the folder of directions, without suffixes
    glances: dict[str, tuple[int, int]] = {}  # textures: moved back, and forth
    is_busy: bool = False  # something is being found


class FadeStatus(Struct, frozen=True):
    """How looks are recalled, and how far the newest recall is."""

    seconds: float = 2.0
    easing: Easing = "smooth"
    look: str = ""  # recalled last; "" once the state comes from elsewhere
    progress: float = 1.0  # 0..1; 1: nothing is fading


class TakeStatus(Struct, frozen=True):
    """The take that is being recorded."""

    path: str = ""  # "" while none is
    seconds: float = 0.0
    frames: int = 0
    size: int = 0  # of the file [bytes]


class ScriptStatus(Struct, frozen=True):
    """The user's script."""

    path: str = ""  # "" without one
    error: str = ""  # message of what it raised; the last good version plays on
    line: int = 0  # where; 0: not known
    file: str = ""  # where
    plays: bool = False  # in spite of the error, which is a name that nothing has


class TempoStatus(Struct, frozen=True):
    """The beat that expressions follow."""

    bpm: float = 120.0  # [1/min]
    beat: float = 0.0  # beats since the start, with their fraction
    beats_per_bar: int = 4
    is_following: bool = False  # the sound
    heard_bpm: float = 0.0  # what the sound seems to have; 0: not known


class SoundStatus(Struct, frozen=True):
    """What the instrument hears."""

    sound: Sound = Sound()
    devices: tuple[str, ...] = ()  # inputs there are
    reason: str = ""  # why nothing is heard
    bands: tuple[float, ...] = ()  # levels of the spectrum, low to high, about 0..1
    levels: dict[str, float] = {}  # "low", "mid", "high", "rms", "onset", about 0..1
    is_loading: bool = False  # the file is being read


class EngineStatus(Struct, frozen=True):
    """What the engine's thread holds, and what it is busy with."""

    networks: dict[Slot, NetworkStatus] = {}  # the loaded ones
    wanted: dict[Slot, str] = {}  # paths of what should play in each slot; "": built in
    unloaded: dict[Slot, str] = {}  # paths that `ReloadNetwork` would load
    loading: tuple[LoadStatus, ...] = ()
    device: str = ""
    picture_fps: float = 0.0
    memory: MemoryStatus | None = None  # None: not measured while no panel shows it
    layer_times: LayerTimes = LayerTimes()


class PlayerStatus(Struct, frozen=True):
    """Time, and what moves values."""

    t: float = 0.0  # [s]
    is_paused: bool = False
    edits: tuple[EditStatus, ...] = ()
    bindings: dict[str, BindingStatus] = {}  # by leaf path
    sliders: tuple[SliderStatus, ...] = ()
    osc: OscStatus = OscStatus()
    midi: MidiStatus = MidiStatus()
    learning: Learning | None = None
    script: ScriptStatus = ScriptStatus()
    tempo: TempoStatus = TempoStatus()
    sound: SoundStatus = SoundStatus()
    motion: Motion = Motion()


class ShowStatus(Struct, frozen=True):
    """Looks and takes."""

    looks: tuple[LookStatus, ...] = ()
    fade: FadeStatus = FadeStatus()
    take: TakeStatus = TakeStatus()
    visited: tuple[VisitedStatus, ...] = ()  # newest first
    library: tuple[LatentStatus, ...] = ()  # by name
    places: dict[str, int] = {}  # textures of small pictures of places, where there are any


class ScreenStatus(Struct, frozen=True):
    """The window and its pace."""

    fps: float = 0.0  # of the panel
    display: str = ""  # path from picture to screen, with the reason for it
    is_fullscreen: bool = False
    vsync: bool = True
    timings: tuple[Timing, ...] = ()  # stages of the window; () while no panel shows them
    fps_limit: float = 120.0  # without vsync [frames/s]; 0: none
    refresh_rate: float = 60.0  # of the screen [Hz]
    pace_note: str = ""  # what else sets the pace


class OutputStatus(Struct, frozen=True):
    """One output: a place besides the window where every new picture goes."""

    name: str = ""
    help: str = ""
    is_on: bool = False
    target: str = ""  # a folder, file or address, while it is on
    size: tuple[int, int] = (0, 0)  # of the newest picture that went there, width, height [px]
    rate: float = 0.0  # pictures that go there [1/s]
    written: int = 0  # pictures since it is on
    dropped: int = 0  # pictures that came faster than they could be written
    seconds: float = 0.0  # length of what is recorded or kept [s]; 0: it is no recording
    note: str = ""  # how it is done, in a few words
    code: tuple[str, ...] = ()  # rows of `target` as a QR code, "1" is dark; (): there is none
    problem: str = ""  # what is wrong, or why it went off
    frame: OutputFrame = OutputFrame()  # what it gets its pictures in
    frame_fields: tuple[str, ...] = ()  # those of `frame` that mean something to it
    is_fixed: bool = False  # the frame cannot change while it is on


class CleanWindowStatus(Struct, frozen=True):
    """The window with the picture alone."""

    screens: tuple[str, ...] = ()  # names of the monitors there are
    screen: str = ""  # the one that is chosen, there or not; "": any but the main window's
    shows_test: bool = False


class HistoryStatus(Struct, frozen=True):
    """What can be taken back and made again."""

    undo_names: tuple[str, ...] = ()  # what undo takes back, newest first
    redo_names: tuple[str, ...] = ()  # what redo makes again, next first

    @property
    def can_undo(self) -> bool:
        """Whether there is something to take back."""
        return bool(self.undo_names)

    @property
    def can_redo(self) -> bool:
        """Whether there is something to make again."""
        return bool(self.redo_names)


class Status(Struct, frozen=True):
    """The snapshot that panels draw from."""

    engine: EngineStatus = EngineStatus()
    player: PlayerStatus = PlayerStatus()
    show: ShowStatus = ShowStatus()
    directions: DirectionsStatus = DirectionsStatus()
    picture: PictureStatus = PictureStatus()
    screen: ScreenStatus = ScreenStatus()
    outputs: tuple[OutputStatus, ...] = ()  # in the order of their table
    recording: Recording = Recording()  # how the next one is made
    marked: tuple[str, ...] = ()  # paths of the values on the web page
    clean_window: CleanWindowStatus = CleanWindowStatus()
    history: HistoryStatus = HistoryStatus()
    recent: tuple[str, ...] = ()  # paths of networks, newest first
    notices: tuple[Notice, ...] = ()
    path_prompt: PathPrompt | None = None
    download: DownloadStatus | None = None
