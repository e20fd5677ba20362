//! `ip netns monitor`: names as they come and go.

use crate::cli::Args;
use crate::ctx::Ctx;
use crate::error::{Error, Result, strerror};
use crate::output::{Field, field};
use crate::sys::watch::Watch;
use crate::sys::{mount, netns};

const EVENT: Field = field("event", "{} ");
const NAME: Field = field("name", "{}\n");

/// Runs until it is killed; each event is written at once, with -json as one object a line.
pub fn run(ctx: &mut Ctx, _: &mut Args<'_>) -> Result {
    let shown = String::from_utf8_lossy(netns::DIR);
    let failed = |what: String, e: &std::io::Error| {
        Error::failed(1, format!("{what} failed: {}", strerror(e)))
    };
    mount::make_dir(netns::DIR).map_err(|e| failed(format!("mkdir {shown}"), &e))?;
    let watch = Watch::new(netns::DIR).map_err(|e| failed("inotify_add_watch".into(), &e))?;
    loop {
        let events = watch.next().map_err(|e| failed("read".into(), &e))?;
        for e in events {
            ctx.out.open();
            ctx.out.str(EVENT, if e.created { "add" } else { "delete" });
            ctx.out.bytes(NAME, &e.name);
            ctx.out.close();
            if ctx.out.is_json() {
                ctx.out.raw(b"\n");
                ctx.out.separate_documents();
            }
            ctx.out.flush()?;
        }
    }
}
