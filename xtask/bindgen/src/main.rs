//! Writes the JavaScript bindings of a WebAssembly module: `xtask-bindgen <module.wasm> <directory>`.

use std::process::ExitCode;

use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1);
    let (Some(module), Some(directory)) = (args.next(), args.next()) else {
        eprintln!("usage: xtask-bindgen <module.wasm> <directory>");
        return ExitCode::from(2);
    };
    let mut bindgen = Bindgen::new();
    bindgen.input_path(&module).typescript(true).remove_name_section(true).remove_producers_section(true);
    // The bundler finds the module by its URL in the bindings.
    bindgen.omit_default_module_path(false);
    match bindgen.web(true).and_then(|b| b.generate(&directory)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot write the bindings of {}: {error:#}", module.display());
            ExitCode::FAILURE
        }
    }
}
