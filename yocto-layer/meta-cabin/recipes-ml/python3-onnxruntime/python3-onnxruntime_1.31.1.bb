SUMMARY = "Runs ONNX networks on the CPU"
DESCRIPTION = "Runs Moonshine, Silero and Piper networks on the CPU."
HOMEPAGE = "https://onnxruntime.ai"
BUGTRACKER = "https://onnxruntime.ai"
SECTION = "devel/python"
LICENSE = "MIT"
LIC_FILES_CHKSUM = "file://onnxruntime/LICENSE;md5=0f7e3b1308cb5c00b372a6e78835732d"

# A wheel because the version that recognition was measured with; mask this recipe to take the one of meta-onnxruntime.
WHEEL[cp312] = "onnxruntime-1.31.1-cp312-cp312-manylinux_2_28_aarch64.whl"
WHEEL_SHA256[cp312] = "0b9a492176886992e0e875f06bc0367e333f5fff11711a2d642e18b02f3009cc"
WHEEL[cp314] = "onnxruntime-1.31.1-cp314-cp314-manylinux_2_28_aarch64.whl"
WHEEL_SHA256[cp314] = "c878686b75cade1ed59131aa018ab004b1e64368b0d54041912450b9642cf04f"

inherit prebuilt_wheel

RDEPENDS:${PN} += "\
    python3-flatbuffers \
    python3-numpy \
    python3-packaging \
    python3-protobuf \
"
