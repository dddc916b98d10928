"""Illustrations for goods without a photograph: one motif per kind of produce before terraced loess hills.

The drawing depends only on the commodity class code and the name, so the same product always looks the same.
Colours are SVG attributes, which a strict content policy allows, and without ids they can repeat on a page.
"""

from __future__ import annotations

import math
import re
import zlib
from functools import lru_cache
from typing import NamedTuple

from django.template.loader import render_to_string

WIDTH, HEIGHT = 400, 300


class Scene(NamedTuple):
    """Colours of sky, sun, far hills, near hills, ground and terrace lines."""

    sky: str
    sun: str
    far: str
    near: str
    ground: str
    terrace: str


SCENES = (
    Scene("#f8e9d2", "#f2b877", "#ead2ac", "#dcb988", "#f3dfc0", "#c99f68"),
    Scene("#e9efe0", "#f3d9a0", "#cddcc0", "#b2c8a2", "#e2ebd5", "#93b083"),
    Scene("#f9e3d6", "#ee9f77", "#f0cdb7", "#e2b195", "#f7dccb", "#cc9070"),
    Scene("#e6edee", "#f4dcb4", "#cddadb", "#b3c6c6", "#dfe8e7", "#92acab"),
    Scene("#f4ecd8", "#efc078", "#dfd7b4", "#c6c08f", "#ece3c6", "#a6a06c"),
)

# Searched in this order in the class code first, then in the names; the first hit decides.
MOTIF_WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("mooncake", ("mooncake", "月饼")),
    ("pastry", ("pastry", "糕")),
    ("box", ("box", "gift", "composite", "hamper", "礼盒", "组合", "礼包")),
    ("millet", ("millet", "小米", "杂粮", "谷子", "糜子")),
    ("redtea", ("redtea", "tea.black", "红茶")),
    ("tea", ("tea", "茶")),
    ("honey", ("honey", "bee", "蜜")),
    ("cherry", ("cherry", "cherries", "樱桃")),
    ("crock", ("crock", "vinegr", "vinegar", "soy", "食醋", "酱油")),
    ("juice", ("juice", "果汁")),
    ("citrus", ("citrus", "mandarin", "柑", "橘", "桔")),
    ("noodle", ("hele", "饸饹")),
    ("sack", ("starch", "淀粉")),
    ("milk", ("milk", "dairy", "乳", "奶")),
    ("wine", ("wine", "酒")),
    ("grape", ("grape", "葡萄")),
    ("wash", ("wash", "detergent", "laundry", "洗衣")),
    ("soap", ("soap", "皂")),
    ("tissue", ("paper", "tissue", "纸巾")),
    ("flask", ("cup", "flask", "保温杯")),
    ("umbrella", ("umbr", "umbrella", "雨伞")),
    ("home", ("home", "towel", "quilt", "daily", "毛巾", "被子", "日用")),
    ("greens", ("greens", "vegetable", "蔬菜")),
    ("pear", ("pear", "梨")),
    ("apple", ("apple", "peach", "苹果", "桃")),
    ("chestnut", ("chestnut", "板栗")),
    ("peanut", ("peanut", "花生")),
    ("walnut", ("walnut", "nut", "核桃", "坚果")),
    ("fungus", ("fungus", "木耳")),
    ("mushroom", ("mushroom", "fungi", "shiitake", "菇", "菌", "香菌")),
    ("persimmon", ("persimmon", "柿")),
    ("jujube", ("jujube", "date", "枣", "枸杞")),
    ("kiwi", ("kiwi", "猕猴桃")),
    ("chilli", ("chilli", "辣椒", "线椒")),
    ("pepper", ("pepper", "spice", "condiment", "花椒", "调味")),
    ("oil", ("oil", "vinegar", "油", "醋")),
    ("noodle", ("noodle", "面条", "挂面", "粉条", "魔芋")),
    ("meat", ("meat", "ham", "pork", "lamb", "腊肉", "羊肉", "火腿", "肉")),
    ("egg", ("egg", "蛋")),
    ("beans", ("bean", "绿豆")),
    ("sack", ("sack", "rice", "flour", "grain", "cereal", "大米", "米", "面粉", "豆", "粮", "荞麦")),
)


def motif_names() -> list[str]:
    """Names of all motifs, each a file in `templates/components/motifs/` drawn on this canvas."""
    return sorted({*(motif for motif, _ in MOTIF_WORDS), "basket"})


def _names(word: str, text: str) -> bool:
    """Whether `text` holds the word; English words count only whole ("tea" is not in "steak")."""
    if word.isascii():
        return re.search(rf"(?<![a-z]){word}(?:s|es)?(?![a-z])", text) is not None
    return word in text


def motif_of(code: str, *names: str) -> str:
    """Name of the motif for a commodity class code and names in any language; "basket" when nothing fits."""
    for text in (code, *names):
        lowered = text.lower()
        for motif, words in MOTIF_WORDS:
            if any(_names(word, lowered) for word in words):
                return motif
    return "basket"


def _ridge(seed: int, base: float, height: float) -> str:
    phase, waves = seed % 628 / 100, 1.5 + seed % 5 / 4
    points = [
        f"{x} {base - height * (0.5 + 0.5 * math.sin(phase + waves * math.tau * x / WIDTH * 0.62)):.0f}"
        for x in range(0, WIDTH + 1, 25)
    ]
    return "L".join(points)


def _backdrop(seed: int) -> str:
    scene = SCENES[seed % len(SCENES)]
    sun_x = 70 + seed // 7 % 260
    far, near = _ridge(seed // 3, 158, 66), _ridge(seed // 11, 206, 60)
    terraces = "".join(
        f'<path d="M{near}" transform="translate(0 {drop})" fill="none" stroke="{scene.terrace}" '
        f'stroke-opacity="{0.5 - drop / 140:.2f}" stroke-width="2"/>'
        for drop in (12, 25, 40)
    )
    return (
        f'<path d="M0 0h{WIDTH}v{HEIGHT}H0z" fill="{scene.sky}"/>'
        f'<circle cx="{sun_x}" cy="68" r="30" fill="{scene.sun}" fill-opacity=".75"/>'
        f'<path d="M{far}V{HEIGHT}H0z" fill="{scene.far}"/>'
        f'<path d="M{near}V{HEIGHT}H0z" fill="{scene.near}"/>{terraces}'
        f'<path d="M0 246q200 -34 400 0V{HEIGHT}H0z" fill="{scene.ground}"/>'
        '<ellipse cx="200" cy="252" rx="128" ry="13" fill="#5a3d1e" fill-opacity=".14"/>'
    )


def _turned(motif: str, seed: int) -> str:
    """The motif as drawn or mirrored, so that two articles of a class do not look alike on a page."""
    return f'<g transform="translate({WIDTH} 0) scale(-1 1)">{motif}</g>' if seed // 13 % 2 else motif


@lru_cache(maxsize=1024)
def drawing(code: str, *names: str) -> str:
    """The whole illustration as an SVG element, hidden from screen readers: the name stands beside it."""
    seed = zlib.crc32("".join((code, *names)).encode())
    motif = render_to_string(f"components/motifs/{motif_of(code, *names)}.svg")
    return (
        f'<svg class="art" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="xMidYMid slice" '
        'aria-hidden="true" focusable="false">'
        f"{_backdrop(seed)}{_turned(motif, seed)}</svg>"
    )
