//! `include/ergodic.h` is what cbindgen makes of `src/c_api`. Run with `ERGODIC_WRITE_HEADER=1` to update it.

use std::path::Path;

#[test]
fn header_is_in_step_with_the_c_api() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut generated = Vec::new();
    cbindgen::generate(root).expect("cbindgen reads src/c_api").write(&mut generated);
    let generated = String::from_utf8(generated).unwrap();
    let header = root.join("include/ergodic.h");
    if std::env::var_os("ERGODIC_WRITE_HEADER").is_some() {
        std::fs::write(&header, &generated).unwrap();
    }
    let committed = std::fs::read_to_string(&header).unwrap_or_default();
    assert_eq!(committed, generated, "run `ERGODIC_WRITE_HEADER=1 cargo test --test header` and commit the header");
}
