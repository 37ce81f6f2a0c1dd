SUMMARY = "Speech to text with Whisper on CTranslate2"
DESCRIPTION = "Runs Whisper models that lie on this unit; also carries the Silero voice activity model."
HOMEPAGE = "https://github.com/SYSTRAN/faster-whisper"
BUGTRACKER = "https://github.com/SYSTRAN/faster-whisper/issues"
SECTION = "devel/python"
LICENSE = "MIT"
LIC_FILES_CHKSUM = "file://faster_whisper-1.2.1.dist-info/LICENSE;md5=b4b22e0f4ea4d7938240b66efe8a3c64"

# A wheel because no source archive is published beside the wheel; it is pure Python.
WHEEL[any] = "faster_whisper-1.2.1-py3-none-any.whl"
WHEEL_SHA256[any] = "79a66ad50688c0b794dd501dc340a736992a6342f7f95e5811be60b5224a26a7"

inherit prebuilt_wheel

RDEPENDS:${PN} += "\
    python3-av \
    python3-ctranslate2 \
    python3-huggingface-hub \
    python3-onnxruntime \
    python3-tokenizers \
    python3-tqdm \
"
