SUMMARY = "Inference engine of faster-whisper"
DESCRIPTION = "Fast inference of Transformer models on the CPU, used by faster-whisper."
HOMEPAGE = "https://opennmt.net"
BUGTRACKER = "https://opennmt.net"
SECTION = "devel/python"
LICENSE = "MIT"
# nooelint: oelint.var.licenseremotefile - the wheel carries no licence text
LIC_FILES_CHKSUM = "file://${COMMON_LICENSE_DIR}/MIT;md5=0835ade698e0bcf8506ecda2f7b4f302"

# A wheel because no source archive is published beside the wheels; building it needs the oneDNN, Ruy and OpenBLAS trees of its repository.
WHEEL[cp312] = "ctranslate2-4.8.5-cp312-cp312-manylinux_2_27_aarch64.manylinux_2_28_aarch64.whl"
WHEEL_SHA256[cp312] = "6e0c0d618b5c64b044fd190ffd53d2e62122c4b68ce6a7353fcf0fb981c4b717"
WHEEL[cp314] = "ctranslate2-4.8.5-cp314-cp314-manylinux_2_27_aarch64.manylinux_2_28_aarch64.whl"
WHEEL_SHA256[cp314] = "286167d454f99a8f532d0e2d6546dd514c41327b05b17a6d0faf3b93e5a2b7b6"

inherit prebuilt_wheel

RDEPENDS:${PN} += "\
    python3-numpy \
    python3-pyyaml \
"
