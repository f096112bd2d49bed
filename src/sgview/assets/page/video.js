// The picture by WebRTC, where browser, net and program can; until then, and without it, as JPEG.
"use strict";

const PATIENCE = { // [ms]
  gather: 600, // for addresses of this browser; it is found without them, too
  first: 6000, // for a first picture, then it is JPEG
  key: 700, // without a new picture; then one is asked for that needs none before it
  stalled: 3000, // without a new picture; then it is JPEG
  again: [10000, 30000, 90000], // until it is tried again
};

class Video {
  // element: the <video>; send: tells the program; onchange(is_shown): whether it is seen now.
  constructor(element, send, onchange) {
    Object.assign(this, { element, send, onchange });
    this.peer = null;
    this.isShown = false;
    this.count = -1; // of pictures, when it was last looked at
    this.since = 0; // when there was a new one
    this.falls = 0;
    this.later = 0; // the timer of the next attempt
    setInterval(() => this.look(), 500);
  }

  // The program is there (again), and can.
  begin() {
    this.falls = 0;
    this.start();
  }

  start() {
    this.open().catch(() => this.fall());
  }

  async open() {
    this.stop();
    if (!window.RTCPeerConnection) return;
    // No server helps to find a way: this is for the net that both are in.
    const peer = (this.peer = new RTCPeerConnection({ iceServers: [] }));
    peer.addTransceiver("video", { direction: "recvonly" });
    peer.ontrack = (event) => {
      if ("jitterBufferTarget" in event.receiver) event.receiver.jitterBufferTarget = 0;
      this.element.srcObject = new MediaStream([event.track]);
      this.element.play().catch(() => this.fall()); // a phone that saves power may refuse
    };
    peer.onconnectionstatechange = () => {
      if (peer === this.peer && peer.connectionState === "failed") this.fall();
    };
    this.count = -1;
    this.since = performance.now() + PATIENCE.first - PATIENCE.stalled;
    await peer.setLocalDescription();
    await new Promise((done) => {
      peer.onicegatheringstatechange = () => peer.iceGatheringState === "complete" && done();
      setTimeout(done, PATIENCE.gather);
    });
    if (peer === this.peer) this.send({ kind: "offer", sdp: peer.localDescription.sdp });
  }

  answer(sdp) {
    if (this.peer && this.peer.signalingState === "have-local-offer")
      this.peer.setRemoteDescription({ type: "answer", sdp }).catch(() => this.fall());
  }

  // Look whether pictures come: the first one shows the video, too long a wait hides it.
  look() {
    if (!this.peer || document.hidden) {
      this.since = Math.max(this.since, performance.now());
      return;
    }
    const count = this.element.getVideoPlaybackQuality().totalVideoFrames;
    if (count > Math.max(this.count, 0)) {
      this.since = performance.now();
      if (!this.isShown && this.element.videoWidth) this.set(true);
    }
    this.count = count;
    const late = performance.now() - this.since;
    if (late > PATIENCE.stalled) this.fall();
    else if (late > PATIENCE.key && this.peer.connectionState === "connected")
      this.send({ kind: "key" });
  }

  // Go on with JPEG, and try again later.
  fall() {
    this.stop();
    this.send({ kind: "watch", video: false });
    if (this.falls < PATIENCE.again.length)
      this.later = setTimeout(() => this.start(), PATIENCE.again[this.falls++]);
  }

  stop() {
    clearTimeout(this.later);
    if (this.peer) this.peer.close();
    this.peer = null;
    this.element.srcObject = null;
    this.set(false);
  }

  set(isShown) {
    if (isShown === this.isShown) return;
    this.isShown = isShown;
    if (isShown) this.send({ kind: "watch", video: true });
    this.onchange(isShown);
  }
}
