"""Normal forms of the bifurcations of fixed points, exactly and in any dimension.

`flip_normal_form`, `fold_normal_form` and `neimark_sacker_normal_form` take a fixed point and find
the critical parameter value; `flip_at`, `fold_at` and `neimark_sacker_at` take a critical state,
exact or in numbers. A flip on a whole family of fixed points is a `FamilyFlip`.
"""

from dynsharp.symbolic.normal_forms.family_flip import FamilyFlip, family_flip, family_flip_at
from dynsharp.symbolic.normal_forms.flip import FlipNormalForm, flip_at, flip_normal_form
from dynsharp.symbolic.normal_forms.fold import FoldNormalForm, fold_at, fold_normal_form
from dynsharp.symbolic.normal_forms.neimark_sacker import (
    NeimarkSackerNormalForm,
    neimark_sacker_at,
    neimark_sacker_normal_form,
)

__all__ = [
    "FamilyFlip",
    "FlipNormalForm",
    "FoldNormalForm",
    "NeimarkSackerNormalForm",
    "family_flip",
    "family_flip_at",
    "flip_at",
    "flip_normal_form",
    "fold_at",
    "fold_normal_form",
    "neimark_sacker_at",
    "neimark_sacker_normal_form",
]
