SUMMARY = "Moonshine speech recognition, weights included"
DESCRIPTION = "The last release that carries the tiny-en weights. Cabin runs them through onnxruntime and loads none of its Python, so what that needs stays out of the image."
HOMEPAGE = "https://github.com/moonshine-ai/moonshine"
BUGTRACKER = "https://github.com/moonshine-ai/moonshine/issues"
SECTION = "devel/python"
LICENSE = "MIT"
LIC_FILES_CHKSUM = "file://moonshine_voice-0.1.0.dist-info/licenses/LICENSE;md5=36177e38e23f9db1cfe1f20a7b8d0144"

# A wheel because the weights are only in the wheel.
WHEEL[any] = "moonshine_voice-0.1.0-py3-none-manylinux_2_31_aarch64.manylinux_2_39_aarch64.whl"
WHEEL_SHA256[any] = "58d5546a656f65061d1d4a376818b08109fe25600a22dfdbbba0179ccb3f0d07"

inherit prebuilt_wheel

RDEPENDS:${PN} += "\
    python3-numpy \
    python3-onnxruntime \
"
