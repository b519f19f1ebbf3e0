"""The whole pipeline for UV and for the chain on real data: one page of theory and simulation."""

from dynsharp.report.pipeline import report
from dynsharp.report.result import Report

__all__ = ["Report", "report"]
