"""A bifurcation curve as it is followed: both directions through a start, its points, its ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dynsharp.bifurcation_curves.along import Settings, found_along
from dynsharp.bifurcation_curves.codim2_point import Codim2Point
from dynsharp.bifurcation_curves.loop import Options, Way, one_way
from dynsharp.bifurcation_curves.point import CurvePoint, shown
from dynsharp.progress import ProgressBar


@dataclass(frozen=True)
class Track:
    """Points in a row along a curve, with those of codimension two among them.

    ``ends`` says for both ends why the curve was not followed further, ``status`` what failed.
    """

    settings: Settings
    kind: str
    points: Sequence[CurvePoint]
    specials: tuple[Codim2Point, ...]
    ends: tuple[str, str]
    status: str


def followed(settings: Settings, start: CurvePoint, both: bool = True) -> Track:
    """Follow the curve through a point, both ways or only along its tangent."""
    if not start.plane.regular:
        return empty(
            settings,
            start.kind.name,
            f"several families of cycles cross at {shown(start)}: it is a branch point in both "
            "parameters, which a symmetry or an invariant set of the map keeps; there is no fold, "
            "follow the branch points with continue_fixed_point at several values",
        )
    axis = settings.surface.names.index(settings.parameters[0])
    if both and start.tangent[axis] < 0:
        start = start.reversed()
    label = f"{start.kind.name} curve in ({', '.join(settings.parameters)})"
    begin = Way([start], f"start at {shown(start)}")
    forward, interrupted = _run(start, settings.options, label)
    if both and not (forward.closed or interrupted):
        begin, interrupted = _run(start.reversed(), settings.options, label)
    if forward.closed:
        begin = replace(begin, end=forward.end)
    points = [*(p.reversed() for p in begin.points[:0:-1]), *forward.points]
    rows, specials, notes = found_along(settings, points)
    failures = [w.end for w in (begin, forward) if w.failed]
    failures += [f"{s.kind} near {s.place}: {s.status}" for s in specials if s.status != "located"]
    status = "; ".join(failures + notes) or "complete"
    return Track(settings, start.kind.name, rows, specials, (begin.end, forward.end), status)


def empty(settings: Settings, kind: str, status: str) -> Track:
    """Return the curve without points: the start failed."""
    return Track(settings, kind, (), (), ("no start", "no start"), status)


def _run(start: CurvePoint, options: Options, label: str) -> tuple[Way, bool]:
    """Follow one direction with a progress bar; Ctrl-C leaves what is there."""
    way = Way([start])
    with ProgressBar(label, None) as bar:
        try:
            for way in one_way(start, options):
                bar.update(len(way.points) / options.max_points)
        except KeyboardInterrupt:
            way.end, way.failed = f"interrupted at {shown(way.points[-1])}", True
            return way, True
    return way, False
