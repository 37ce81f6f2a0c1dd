SUMMARY = "Library that faster-whisper and tokenizers import"
DESCRIPTION = "Imported by faster-whisper and tokenizers. Cabin gives them folders, so its network half, and what that needs, stay out of the image."
HOMEPAGE = "https://github.com/huggingface/huggingface_hub"
BUGTRACKER = "https://github.com/huggingface/huggingface_hub/issues"
SECTION = "devel/python"
LICENSE = "Apache-2.0"
LIC_FILES_CHKSUM = "file://huggingface_hub-2.4.0.dist-info/licenses/LICENSE;md5=86d3f3a95c324c9479bd8986968f4327"

# A wheel because pure Python; taken as a wheel so that it is the version that was tested with faster-whisper.
WHEEL[any] = "huggingface_hub-2.4.0-py3-none-any.whl"
WHEEL_SHA256[any] = "42ecfd93ede47bdd333daebbf66a32d7bfe2e18752754fe4d2d4f98a0179d801"

inherit prebuilt_wheel

RDEPENDS:${PN} += "\
    python3-filelock \
    python3-fsspec \
    python3-packaging \
    python3-pyyaml \
    python3-tqdm \
    python3-typing-extensions \
"
