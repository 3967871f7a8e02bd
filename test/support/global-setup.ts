/** Starts what the host tests share. Nothing runs before a test asks for it, so that a single file starts at once. */
export default function setup(): void {}
