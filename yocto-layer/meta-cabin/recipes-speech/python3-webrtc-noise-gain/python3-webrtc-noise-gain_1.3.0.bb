SUMMARY = "WebRTC noise suppression and gain control"
DESCRIPTION = "Noise suppression and automatic gain of WebRTC for voice activity detection."
HOMEPAGE = "https://github.com/OHF-voice/webrtc-noise-gain"
BUGTRACKER = "https://github.com/OHF-voice/webrtc-noise-gain/issues"
SECTION = "devel/python"
LICENSE = "Apache-2.0"
# nooelint: oelint.var.licenseremotefile - the wheel carries no licence text
LIC_FILES_CHKSUM = "file://${COMMON_LICENSE_DIR}/Apache-2.0;md5=89aea4e17d99a7cacdbeed46a0096b10"

# A wheel because its build compiles for the machine it runs on and cannot be told otherwise.
WHEEL[any] = "webrtc_noise_gain-1.3.0-cp39-abi3-manylinux_2_27_aarch64.manylinux_2_28_aarch64.whl"
WHEEL_SHA256[any] = "ba7df808439bae994459be7e916802e384ffa4f0e750035b5284f7fe4ff466dc"

inherit prebuilt_wheel

RDEPENDS:${PN} += "\
    python3-core \
"
