SUMMARY = "Wake words, weights included"
DESCRIPTION = "Streaming wake-word detection with the okay_nabu, hey_jarvis, hey_mycroft and alexa models."
HOMEPAGE = "https://github.com/OHF-Voice/pymicro-wakeword"
BUGTRACKER = "https://github.com/OHF-Voice/pymicro-wakeword/issues"
SECTION = "devel/python"
LICENSE = "Apache-2.0"
LIC_FILES_CHKSUM = "file://pymicro_wakeword-2.5.0.dist-info/licenses/LICENSE;md5=86d3f3a95c324c9479bd8986968f4327"

# A wheel because the TensorFlow Lite library it loads is only in the wheel.
WHEEL[any] = "pymicro_wakeword-2.5.0-py3-none-manylinux_2_35_aarch64.whl"
WHEEL_SHA256[any] = "6c75b77c936efd19b8c35a094cb7e3fdbd4ebcd0f63635a0851ce591990829f2"

inherit prebuilt_wheel

RDEPENDS:${PN} += "\
    python3-ctypes \
    python3-numpy \
    python3-pymicro-features \
"
