SUMMARY = "Tokenizers of faster-whisper"
DESCRIPTION = "Turns text into tokens and back; a Rust library with a Python face."
HOMEPAGE = "https://github.com/huggingface/tokenizers"
BUGTRACKER = "https://github.com/huggingface/tokenizers/issues"
SECTION = "devel/python"
LICENSE = "Apache-2.0"
# nooelint: oelint.var.licenseremotefile - the wheel carries no licence text
LIC_FILES_CHKSUM = "file://${COMMON_LICENSE_DIR}/Apache-2.0;md5=89aea4e17d99a7cacdbeed46a0096b10"

# A wheel because the source needs some 200 crates and a newer Rust than the LTS release has.
WHEEL[any] = "tokenizers-0.23.3-cp310-abi3-manylinux_2_17_aarch64.manylinux2014_aarch64.whl"
WHEEL_SHA256[any] = "ec82e80e65a862275b97c3d90b7a523df8d9519ee48aeb4e9625b2cc909274e0"

inherit prebuilt_wheel

RDEPENDS:${PN} += "\
    python3-huggingface-hub \
"
