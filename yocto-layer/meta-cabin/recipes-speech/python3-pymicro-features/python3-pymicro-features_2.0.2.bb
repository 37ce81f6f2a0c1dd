SUMMARY = "Speech features of pymicro-wakeword"
DESCRIPTION = "The audio front end of TensorFlow Lite Micro."
HOMEPAGE = "https://github.com/rhasspy/pymicro-features"
BUGTRACKER = "https://github.com/rhasspy/pymicro-features/issues"
SECTION = "devel/python"
LICENSE = "Apache-2.0"
LIC_FILES_CHKSUM = "file://pymicro_features-2.0.2.dist-info/licenses/LICENSE;md5=86d3f3a95c324c9479bd8986968f4327"

# A wheel because belongs to the wheel of pymicro-wakeword and is tested with it.
WHEEL[any] = "pymicro_features-2.0.2-cp39-abi3-manylinux_2_27_aarch64.manylinux_2_28_aarch64.whl"
WHEEL_SHA256[any] = "acead36386b42934e620f57d7481177ba461dde247cccef6a846f5831805e6c7"

inherit prebuilt_wheel

RDEPENDS:${PN} += "\
    python3-core \
"
