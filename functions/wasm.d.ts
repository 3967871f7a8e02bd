/** As bundlers for workerd give it: compiled, not instantiated. */
declare module '*.wasm' {
  const module: WebAssembly.Module;
  export default module;
}
