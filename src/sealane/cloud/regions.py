"""Regions and their zones, by the cloud's names; here they are only labels, all of them are served alike."""

from collections.abc import Mapping

REGIONS: Mapping[str, tuple[str, str]] = {
    "cn-qingdao": ("China (Qingdao)", "bc"),
    "cn-beijing": ("China (Beijing)", "abcdefghijkl"),
    "cn-zhangjiakou": ("China (Zhangjiakou)", "abc"),
    "cn-huhehaote": ("China (Hohhot)", "ab"),
    "cn-wulanchabu": ("China (Ulanqab)", "abc"),
    "cn-hangzhou": ("China (Hangzhou)", "bfghijk"),
    "cn-shanghai": ("China (Shanghai)", "abefgklmn"),
    "cn-nanjing": ("China (Nanjing)", "a"),
    "cn-fuzhou": ("China (Fuzhou)", "a"),
    "cn-wuhan-lr": ("China (Wuhan)", "a"),
    "cn-shenzhen": ("China (Shenzhen)", "acdef"),
    "cn-heyuan": ("China (Heyuan)", "ab"),
    "cn-guangzhou": ("China (Guangzhou)", "ab"),
    "cn-chengdu": ("China (Chengdu)", "ab"),
    "cn-hongkong": ("China (Hong Kong)", "bcd"),
    "ap-northeast-1": ("Japan (Tokyo)", "abc"),
    "ap-northeast-2": ("South Korea (Seoul)", "ab"),
    "ap-southeast-1": ("Singapore", "abc"),
    "ap-southeast-3": ("Malaysia (Kuala Lumpur)", "abc"),
    "ap-southeast-5": ("Indonesia (Jakarta)", "abc"),
    "ap-southeast-6": ("Philippines (Manila)", "ab"),
    "ap-southeast-7": ("Thailand (Bangkok)", "ab"),
    "us-east-1": ("US (Virginia)", "ab"),
    "us-west-1": ("US (Silicon Valley)", "ab"),
    "eu-central-1": ("Germany (Frankfurt)", "abc"),
    "eu-west-1": ("UK (London)", "ab"),
    "me-east-1": ("UAE (Dubai)", "a"),
    "me-central-1": ("Saudi Arabia (Riyadh)", "ab"),
}
"""By id: name in English and letters of the zones."""


def zones(region: str) -> tuple[str, ...]:
    """Ids of a region's zones, such as ``cn-hangzhou-h`` and ``eu-west-1a``; none for an unknown region."""
    _, letters = REGIONS.get(region, ("", ""))
    between = "" if region[-1:].isdigit() else "-"
    return tuple(f"{region}{between}{letter}" for letter in letters)


__all__ = ["REGIONS", "zones"]
