SUMMARY = "Offline-first voice assistant of the head unit"
DESCRIPTION = "Hears, understands, acts and answers without a network; speaks to the car and other programs over D-Bus."
HOMEPAGE = "https://cabin.invalid"
BUGTRACKER = "https://cabin.invalid"
SECTION = "multimedia"
LICENSE = "Apache-2.0"
LIC_FILES_CHKSUM = "file://LICENSE;md5=3b83ef96387f14655fc854ddc3c6bd57"

# The tree that this layer lies in, file by file: what is beside them (a virtual environment, test data) stays out.
# nooelint: oelint.vars.fileextrapaths,oelint.vars.outofcontext - the sources lie outside of the layer
FILESEXTRAPATHS:prepend := "${CABIN_SOURCE_DIR}:"
SRC_URI = "\
    file://ARCHITECTURE.md;subdir=${BP} \
    file://LICENSE;subdir=${BP} \
    file://README.md;subdir=${BP} \
    file://assistant;subdir=${BP} \
    file://config;subdir=${BP} \
    file://models;subdir=${BP} \
    file://pyproject.toml;subdir=${BP} \
    file://systemd;subdir=${BP} \
"

S = "${UNPACKDIR}/${BP}"

inherit python_setuptools_build_meta systemd useradd

USERADD_PACKAGES = "${PN}"
GROUPADD_PARAM:${PN} = "--system cabin-hmi"
USERADD_PARAM:${PN} = "--system --no-create-home --home-dir ${localstatedir}/lib/cabin --shell /sbin/nologin --groups audio --user-group cabin"

SYSTEMD_SERVICE:${PN} = "cabin.service"

# What a car needs beyond hearing and the rules; a build of its own choice sets PACKAGECONFIG.
PACKAGECONFIG ??= "dbus link piper whisper"
PACKAGECONFIG[dbus] = ",,,python3-pydbus python3-pygobject"
PACKAGECONFIG[link] = ",,,python3-paho-mqtt"
PACKAGECONFIG[piper] = ",,,python3-piper-tts"
PACKAGECONFIG[qwen] = ",,,python3-llama-cpp-python"
PACKAGECONFIG[whisper] = ",,,python3-faster-whisper"

do_install:append() {
    install -d ${D}${datadir}/cabin/models ${D}${datadir}/doc/cabin ${D}${sysconfdir}/cabin
    cp -R --no-preserve=ownership ${S}/config ${D}${datadir}/cabin/
    install -m 0644 ${S}/models/models.toml ${S}/models/*.gguf ${S}/models/*.md ${D}${datadir}/cabin/models/
    install -m 0644 ${S}/ARCHITECTURE.md ${D}${datadir}/doc/cabin/
    install -m 0644 ${S}/config/cabin.toml ${D}${sysconfdir}/cabin/

    install -d ${D}${systemd_system_unitdir} ${D}${nonarch_libdir}/tmpfiles.d
    install -m 0644 ${S}/systemd/cabin.service ${S}/systemd/cabin.slice ${D}${systemd_system_unitdir}/
    install -m 0644 ${S}/systemd/cabin.tmpfiles.conf ${D}${nonarch_libdir}/tmpfiles.d/cabin.conf

    install -d ${D}${datadir}/dbus-1/system.d ${D}${datadir}/dbus-1/system-services
    install -m 0644 ${S}/systemd/org.cabin.Assistant1.conf ${D}${datadir}/dbus-1/system.d/
    install -m 0644 ${S}/systemd/org.cabin.Assistant1.service ${D}${datadir}/dbus-1/system-services/

    # The bridge is another program, of the cloud.
    rm -rf ${D}${bindir}/cabin-bridge ${D}${PYTHON_SITEPACKAGES_DIR}/assistant/bridge
}

FILES:${PN} += "\
    ${datadir}/cabin \
    ${datadir}/dbus-1 \
    ${nonarch_libdir}/tmpfiles.d \
    ${systemd_system_unitdir} \
"
CONFFILES:${PN} = "${sysconfdir}/cabin/cabin.toml"
RDEPENDS:${PN} += "\
    python3-asyncio \
    python3-compression \
    python3-core \
    python3-crypt \
    python3-ctypes \
    python3-datetime \
    python3-difflib \
    python3-io \
    python3-json \
    python3-logging \
    python3-math \
    python3-misc \
    python3-netclient \
    python3-numpy \
    python3-onnxruntime \
    python3-pulsectl \
    python3-pymicro-wakeword \
    python3-resource \
    python3-sounddevice \
    python3-soundfile \
    python3-sqlite3 \
    python3-stringold \
    python3-threading \
    python3-tomllib \
    python3-webrtc-noise-gain \
    python3-webrtcvad-wheels \
"
