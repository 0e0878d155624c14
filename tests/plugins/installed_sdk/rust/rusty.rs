//! A whole adapter in Rust, against the C ABI alone: `rustc --crate-type cdylib`, no crates. Sends the payload as it is.
use std::ffi::{c_char, c_void, CStr};
use std::ptr::null;

// What opi/abi.h declares, as far as this adapter reads it: structs are only ever appended to.
#[repr(C)]
#[derive(Clone, Copy)]
struct Str {
    p: *const u8,
    n: u64,
}
const NOTHING: Str = Str { p: null(), n: 0 };
#[repr(C)]
pub struct Error {
    size: u32,
    code: i32,
    text: [u8; 504],
}
#[repr(C)]
struct InstanceArgs {
    size: u32,
    flags: u32,
    component: Str,
    instance_id: Str,
    tenant: Str,
    config_json: Str,
}
#[repr(C)]
struct Delivery {
    size: u32,
    flags: u32,
    attempt: u32,
    reserved: u32,
    ids: [Str; 3],
    endpoint_url: Str,
    envelope: [Str; 11],
    payload: Str,
}
#[repr(C)]
struct RequestOps {
    size: u32,
    flags: u32,
    method: extern "C" fn(*mut c_void, Str) -> i32,
    url: extern "C" fn(*mut c_void, Str) -> i32,
    header: extern "C" fn(*mut c_void, Str, Str) -> i32,
    header_secret: extern "C" fn(*mut c_void, Str, Str, Str, Str) -> i32,
    mac: *const c_void,
    body: extern "C" fn(*mut c_void, Str) -> i32,
}
#[repr(C)]
struct RequestOut {
    ops: *const RequestOps,
    implementation: *mut c_void,
}
#[repr(C)]
struct Response {
    size: u32,
    flags: u32,
    status: u32,
}
#[repr(C)]
struct Verdict {
    size: u32,
    kind: u32,
    flags: u32,
    reserved: u32,
    retry_after_ms: u64,
    texts: [Str; 4],
}
#[repr(C)]
struct VerdictOps {
    size: u32,
    flags: u32,
    set: extern "C" fn(*mut c_void, *const Verdict) -> i32,
}
#[repr(C)]
struct VerdictOut {
    ops: *const VerdictOps,
    implementation: *mut c_void,
}
#[repr(C)]
struct ComponentTable {
    size: u32,
    flags: u32,
    create: extern "C" fn(*mut c_void, &InstanceArgs, &mut *mut c_void, &mut Error) -> i32,
    destroy: extern "C" fn(*mut c_void),
}
#[repr(C)]
struct AdapterTable {
    size: u32,
    flags: u32,
    render: extern "C" fn(*const c_void, &Delivery, RequestOut, &mut Error) -> i32,
    interpret: extern "C" fn(*const c_void, &Delivery, &Response, VerdictOut, RequestOut, &mut Error) -> i32,
}
#[repr(C)]
pub struct Plugin {
    size: u32,
    abi: [u16; 2],
    min_host_minor: u16,
    reserved: u16,
    flags: u32,
    init: extern "C" fn(*const c_void, &mut *mut c_void, &mut Error) -> i32,
    shutdown: extern "C" fn(*mut c_void),
    get_interface: unsafe extern "C" fn(*mut c_void, *const c_char, *const c_char) -> *const c_void,
}

const OK: i32 = 0;
const INVALID: i32 = -2;
const UNSUPPORTED: i32 = -3;
const DELIVERED: u32 = 1;
const RETRY: u32 = 2;
const BY_STATUS: u32 = 1;
const MANDATORY_FLAGS: u32 = 0xffff_0000;

fn text(value: &'static str) -> Str {
    Str { p: value.as_ptr(), n: value.len() as u64 }
}

fn fail(error: &mut Error, status: i32, why: &str) -> i32 {
    let n = why.len().min(error.text.len() - 1);
    error.text[..n].copy_from_slice(&why.as_bytes()[..n]);
    error.text[n] = 0;
    error.code = status;
    status
}

extern "C" fn create(_: *mut c_void, args: &InstanceArgs, instance: &mut *mut c_void, error: &mut Error) -> i32 {
    if args.flags & MANDATORY_FLAGS != 0 {
        return fail(error, UNSUPPORTED, "unknown flags of the instance");
    }
    if args.config_json.n == 0 || unsafe { *args.config_json.p } != b'{' {
        return fail(error, INVALID, "the configuration is not a JSON object");
    }
    *instance = std::ptr::null_mut(); // nothing to remember
    OK
}
extern "C" fn destroy(_: *mut c_void) {}

extern "C" fn render(_: *const c_void, delivery: &Delivery, request: RequestOut, error: &mut Error) -> i32 {
    if delivery.flags & MANDATORY_FLAGS != 0 {
        return fail(error, UNSUPPORTED, "unknown flags of the delivery");
    }
    let (ops, to) = (unsafe { &*request.ops }, request.implementation);
    for status in [
        (ops.url)(to, delivery.endpoint_url),
        (ops.header)(to, text("Content-Type"), text("application/json")),
        (ops.header_secret)(to, text("Authorization"), text("Bearer "), text("token"), NOTHING),
        (ops.body)(to, delivery.payload),
    ] {
        if status != OK {
            return fail(error, status, "the host refused the request");
        }
    }
    OK
}

extern "C" fn interpret(
    _: *const c_void, delivery: &Delivery, response: &Response, out: VerdictOut, _next: RequestOut, error: &mut Error,
) -> i32 {
    if (delivery.flags | response.flags) & MANDATORY_FLAGS != 0 {
        return fail(error, UNSUPPORTED, "unknown flags of the response");
    }
    let delivered = (200..300).contains(&response.status);
    let verdict = Verdict {
        size: std::mem::size_of::<Verdict>() as u32,
        kind: if delivered { DELIVERED } else { RETRY },
        flags: if delivered { 0 } else { BY_STATUS },
        reserved: 0,
        retry_after_ms: 0,
        texts: [NOTHING; 4],
    };
    unsafe { ((*out.ops).set)(out.implementation, &verdict) }
}

static COMPONENT: ComponentTable =
    ComponentTable { size: std::mem::size_of::<ComponentTable>() as u32, flags: 0, create, destroy };
static ADAPTER: AdapterTable =
    AdapterTable { size: std::mem::size_of::<AdapterTable>() as u32, flags: 0, render, interpret };

extern "C" fn init(_: *const c_void, plugin: &mut *mut c_void, _: &mut Error) -> i32 {
    *plugin = std::ptr::null_mut();
    OK
}
extern "C" fn shutdown(_: *mut c_void) {}
unsafe extern "C" fn get_interface(_: *mut c_void, component: *const c_char, interface: *const c_char) -> *const c_void {
    match (CStr::from_ptr(component).to_bytes(), CStr::from_ptr(interface).to_bytes()) {
        (b"rusty", b"opi.component/1") => &COMPONENT as *const ComponentTable as *const c_void,
        (b"rusty", b"opi.adapter.http/1") => &ADAPTER as *const AdapterTable as *const c_void,
        _ => null(),
    }
}

static PLUGIN: Plugin = Plugin {
    size: std::mem::size_of::<Plugin>() as u32,
    abi: [1, 0],
    min_host_minor: 0,
    reserved: 0,
    flags: 0,
    init,
    shutdown,
    get_interface,
};

#[no_mangle]
pub extern "C" fn opi_plugin_entry_v1(_offer: *const c_void, _error: &mut Error) -> *const Plugin {
    &PLUGIN
}

// The manifest, as opi_add_plugin() would pack it: an ELF note.
#[repr(C, align(4))]
struct Note<const N: usize> {
    name_bytes: u32,
    manifest_bytes: u32,
    kind: u32,
    name: [u8; 4],
    manifest: [u8; N],
}
#[used]
#[link_section = ".note.opi.manifest"]
static NOTE: Note<{ include_bytes!("manifest.json").len() }> = Note {
    name_bytes: 4,
    manifest_bytes: include_bytes!("manifest.json").len() as u32,
    kind: 1,
    name: *b"OPI\0",
    manifest: *include_bytes!("manifest.json"),
};
