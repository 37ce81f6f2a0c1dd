SUMMARY = "Runs the Qwen model behind the rules"
DESCRIPTION = "llama.cpp and its Python face, built from source for the CPU of this machine, without its servers and multimodal parts."
HOMEPAGE = "https://github.com/abetlen/llama-cpp-python"
BUGTRACKER = "https://github.com/abetlen/llama-cpp-python/issues"
SECTION = "devel/python"
LICENSE = "MIT"
LIC_FILES_CHKSUM = "\
    file://LICENSE.md;md5=7b314940bc52f236ef5c740707a5a216 \
    file://vendor/llama.cpp/LICENSE;md5=223b26b3c1143120c87e2b13111d3e99 \
"

DEPENDS = "ninja-native python3-scikit-build-core-native"

SRC_URI += "file://no-common.cmake"
SRC_URI[sha256sum] = "832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e"

PYPI_PACKAGE = "llama_cpp_python"

inherit cmake pypi python_pep517

# The architecture the machine is sure to have: a binary for a newer one dies at its first instruction.
CABIN_GGML_ARCH ?= "armv8-a"
CMAKE_OPTIONS = "\
    -DCMAKE_TOOLCHAIN_FILE=${WORKDIR}/toolchain.cmake \
    -DCMAKE_PROJECT_llama.cpp_INCLUDE=${UNPACKDIR}/no-common.cmake \
    -DGGML_CPU_ARM_ARCH=${CABIN_GGML_ARCH} \
    -DGGML_NATIVE=OFF \
    -DLLAVA_BUILD=OFF \
"
PEP517_BUILD_OPTS = "-Cbuild-dir=${B}"

do_configure() {
    :
}

do_compile() {
    export CMAKE_ARGS="${CMAKE_OPTIONS}"
    export _PYTHON_HOST_PLATFORM="linux-${TARGET_ARCH}"
    python_pep517_do_compile
}

do_install() {
    python_pep517_do_install
}

COMPATIBLE_HOST = "aarch64.*-linux"

FILES:${PN} += "${PYTHON_SITEPACKAGES_DIR}"
RDEPENDS:${PN} += "\
    libgomp \
    python3-ctypes \
    python3-diskcache \
    python3-jinja2 \
    python3-numpy \
    python3-typing-extensions \
"
# nooelint: oelint.vars.insaneskip - ctypes opens libllama.so by that name
INSANE_SKIP:${PN} += "dev-so"
