//! Stands for the command line that the images of this example hold.

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("--version") => println!("sindri {}", env!("CARGO_PKG_VERSION")),
        _ => println!("usage: sindri --version"),
    }
}
