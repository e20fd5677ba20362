//! A picture as JSON: what is drawn, as data.

use super::picture::{Picture, Place};
use crate::output::{Field, Out, Style, json_only};

const NAME: Field = json_only("name");
const KIND: Field = json_only("kind");
const ABOUT: Field = json_only("about");
const MASTER: Field = json_only("master");
const NAMESPACE: Field = json_only("namespace");
const DEVICE: Field = json_only("device");
const ITEM: Field = json_only("");

/// The data, one object.
pub fn json(picture: &Picture, pretty: bool) -> Vec<u8> {
    let mut out = Out::memory(Style { json: true, pretty, ..Style::default() });
    let list = |out: &mut Out, key: &str, all: &[String]| {
        out.open_list(key);
        all.iter().for_each(|t| out.str(ITEM, t));
        out.close_list();
    };
    out.open();
    out.open_list("namespaces");
    for room in &picture.rooms {
        out.open();
        out.str(NAME, &room.name);
        out.json_bool("here", room.here);
        out.open_list("devices");
        for device in &room.devices {
            out.open();
            out.str(NAME, &device.name);
            if !device.kind.is_empty() {
                out.str(KIND, &device.kind);
            }
            if !device.about.is_empty() {
                out.str(ABOUT, &device.about);
            }
            out.json_bool("up", device.up);
            out.json_bool("carrier", device.carrier);
            if let Some(master) = device.master {
                out.str(MASTER, &room.devices[master].name);
            }
            list(&mut out, "addresses", &device.addresses);
            list(&mut out, "faults", &device.faults);
            out.close();
        }
        out.close_list();
        list(&mut out, "routes", &room.routes);
        let forwards: Vec<String> = room.forwards.iter().map(|f| (*f).to_owned()).collect();
        list(&mut out, "forwards", &forwards);
        list(&mut out, "rules", &room.nat);
        list(&mut out, "faults", &room.faults);
        out.close();
    }
    out.close_list();
    out.open_list("cables");
    for cable in &picture.cables {
        out.open();
        out.json_bool("up", cable.up);
        out.open_list("ends");
        for at in cable.ends {
            end(&mut out, picture, at);
        }
        out.close_list();
        out.close();
    }
    out.close_list();
    list(&mut out, "stale", &picture.stale);
    out.close();
    let mut text = out.taken();
    text.push(b'\n');
    text
}

fn end(out: &mut Out, picture: &Picture, at: Place) {
    out.open();
    out.str(NAMESPACE, &picture.rooms[at.0].name);
    out.str(DEVICE, &picture.device(at).name);
    out.close();
}
