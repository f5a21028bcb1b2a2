// The pointer on the planes: cross-hair, slices, window and level, zoom, pan.
import { draggedWindow } from "../label/grey.js";

export class Steering {
  #scene;
  #drag = null;

  constructor(scene) {
    this.#scene = scene;
    scene.views.forEach((view, index) => this.#listen(view, index));
  }

  #listen(view, index) {
    const { canvas } = view;
    canvas.addEventListener("focus", () => this.#scene.activate(index));
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    canvas.addEventListener("dblclick", () => this.#scene.enlarge(index));
    canvas.addEventListener("pointerdown", (event) => this.#begin(event, view, index));
    canvas.addEventListener("pointermove", (event) => this.#drag && canvas.hasPointerCapture(event.pointerId) && this.#drag(event));
    canvas.addEventListener("pointerup", () => (this.#drag = null));
    canvas.addEventListener("wheel", (event) => this.#wheel(event, view, index), { passive: false });
  }

  #begin(event, view, index) {
    if (!this.#scene.images) return;
    view.canvas.setPointerCapture(event.pointerId);
    this.#scene.activate(index);
    if (event.button === 2 || event.shiftKey) this.#drag = this.#windowing(event);
    else if (event.button === 1 || event.altKey) this.#drag = panning(event, view);
    else {
      this.#drag = ({ offsetX, offsetY }) => this.#scene.pick(index, view.shareAt(offsetX, offsetY));
      this.#drag(event);
    }
  }

  #windowing({ clientX, clientY }) {
    const { window, firstWindow } = this.#scene;
    return (event) => this.#scene.setWindow(draggedWindow(window, event.clientX - clientX, event.clientY - clientY, firstWindow));
  }

  #wheel(event, view, index) {
    event.preventDefault();
    if (!this.#scene.images) return;
    this.#scene.activate(index);
    if (!event.ctrlKey) return this.#scene.turn(Math.sign(event.deltaY));
    const { left, top, width, height } = view.canvas.getBoundingClientRect();
    view.zoomAt(event.deltaY < 0 ? 1.15 : 1 / 1.15, event.clientX - left - width / 2, event.clientY - top - height / 2);
  }
}

function panning({ clientX, clientY }, view) {
  const { x, y } = view.pan;
  return (event) => {
    view.pan = { x: x + event.clientX - clientX, y: y + event.clientY - clientY };
    view.draw();
  };
}
