//! Plots, as SVG.

use anyhow::{Result, anyhow};
use plotters::prelude::*;

const SIZE: (u32, u32) = (900, 360);
const COLOURS: [RGBColor; 4] = [
    RGBColor(0x1f, 0x5f, 0xa8),
    RGBColor(0xc4, 0x4e, 0x1c),
    RGBColor(0x3b, 0x86, 0x4a),
    RGBColor(0x77, 0x4a, 0x9e),
];

/// A workload: each server's CPU for a message, in microseconds.
pub(crate) type CpuOf = (String, Vec<(String, f64)>);

/// A line with its name.
pub(super) struct Line<'a> {
    pub name: &'a str,
    pub points: Vec<(f64, f64)>,
}

/// Lines over a common axis.
pub(super) struct LinePlot<'a> {
    pub title: &'a str,
    pub x: &'a str,
    pub y: &'a str,
    pub lines: Vec<Line<'a>>,
    /// Names for places on the x axis, where numbers say little.
    pub x_name: fn(f64) -> String,
}

/// Draws lines; `None` of fewer than two points.
pub(super) fn lines(plot: &LinePlot<'_>) -> Result<Option<String>> {
    let points = || plot.lines.iter().flat_map(|line| line.points.iter().copied());
    if points().count() < 2 {
        return Ok(None);
    }
    let (x_min, x_max) = bounds(points().map(|point| point.0));
    let (_, y_max) = bounds(points().map(|point| point.1));
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        let mut chart = ChartBuilder::on(&root)
            .caption(plot.title, ("sans-serif", 18))
            .margin(12)
            .x_label_area_size(42)
            .y_label_area_size(70)
            .build_cartesian_2d(x_min..x_max.max(x_min + 1e-6), 0.0..(y_max * 1.05).max(1e-6))
            .map_err(failed)?;
        chart
            .configure_mesh()
            .x_desc(plot.x)
            .y_desc(plot.y)
            .x_label_formatter(&|&x| (plot.x_name)(x))
            .light_line_style(WHITE)
            .draw()
            .map_err(failed)?;
        for (index, line) in plot.lines.iter().enumerate() {
            let colour = COLOURS[index % COLOURS.len()];
            let series = LineSeries::new(line.points.iter().copied(), colour.stroke_width(2));
            chart.draw_series(series).map_err(failed)?.label(line.name).legend(move |(x, y)| {
                PathElement::new([(x, y), (x + 16, y)], colour.stroke_width(2))
            });
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperLeft)
            .background_style(WHITE.mix(0.8))
            .draw()
            .map_err(failed)?;
        root.present().map_err(failed)?;
    }
    Ok(Some(svg))
}

/// A bar with its name.
pub(super) struct Bar {
    pub name: String,
    pub value: f64,
}

/// Draws bars beside one another.
pub(super) fn bars(title: &str, unit: &str, bars: &[Bar]) -> Result<Option<String>> {
    if bars.is_empty() {
        return Ok(None);
    }
    let (_, max) = bounds(bars.iter().map(|bar| bar.value));
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        let names = |segment: &SegmentValue<i32>| match segment {
            SegmentValue::CenterOf(index) => {
                bars.get(*index as usize).map_or(String::new(), |bar| bar.name.clone())
            }
            _ => String::new(),
        };
        let mut chart = ChartBuilder::on(&root)
            .caption(title, ("sans-serif", 18))
            .margin(12)
            .x_label_area_size(36)
            .y_label_area_size(70)
            .build_cartesian_2d(
                (0..bars.len() as i32 - 1).into_segmented(),
                0.0..(max * 1.1).max(1e-6),
            )
            .map_err(failed)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .y_desc(unit)
            .x_labels(bars.len())
            .x_label_formatter(&names)
            .light_line_style(WHITE)
            .draw()
            .map_err(failed)?;
        let values = bars.iter().enumerate().map(|(index, bar)| (index as i32, bar.value));
        let histogram =
            Histogram::vertical(&chart).style(COLOURS[0].filled()).margin(14).data(values);
        chart.draw_series(histogram).map_err(failed)?;
        root.present().map_err(failed)?;
    }
    Ok(Some(svg))
}

fn bounds(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::MAX, f64::MIN), |(min, max), value| (min.min(value), max.max(value)))
}

fn failed<E: std::fmt::Display>(error: E) -> anyhow::Error {
    anyhow!("a plot can't be drawn: {error}")
}
