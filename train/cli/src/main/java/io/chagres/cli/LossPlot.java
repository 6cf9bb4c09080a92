package io.chagres.cli;

import io.chagres.tensor.io.AtomicFiles;
import io.chagres.train.metrics.MetricsHistory;
import io.chagres.train.metrics.MetricsLog;
import io.chagres.train.metrics.Series;
import java.awt.BasicStroke;
import java.awt.Color;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.util.Arrays;
import javax.imageio.ImageIO;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.Marker;
import org.knowm.xchart.style.markers.SeriesMarkers;

/// Draws the loss curves of a run.
final class LossPlot {
    /// The picture's name in a run's folder.
    static final String FILE_NAME = "loss.png";

    private static final int WIDTH = 1000;
    private static final int HEIGHT = 600;
    private static final int MOST_POINTS = 500;
    private static final Color TRAINING = new Color(0x7A9CC6);
    private static final Color HELD_OUT = new Color(0xC0392B);

    private LossPlot() {}

    /// Draws the metrics of a run beside them.
    ///
    /// @param folder the run's folder
    /// @throws IOException when the metrics cannot be read or the picture not be written
    static void draw(Path folder) throws IOException {
        MetricsHistory history = MetricsHistory.read(folder.resolve(MetricsLog.FILE_NAME));
        XYChart chart =
                new XYChartBuilder()
                        .width(WIDTH)
                        .height(HEIGHT)
                        .xAxisTitle("step")
                        .yAxisTitle("loss (nats per token)")
                        .build();
        chart.getStyler().setChartBackgroundColor(Color.WHITE);
        chart.getStyler().setPlotBorderVisible(false);
        chart.getStyler().setLegendPosition(Styler.LegendPosition.InsideNE);
        Points training = Points.of(history.series(MetricsLog.LOSS), MOST_POINTS);
        Points heldOut = Points.of(history.series(MetricsLog.VALIDATION_LOSS), MOST_POINTS);
        add(chart, "training", training, TRAINING, SeriesMarkers.NONE);
        add(chart, "held-out text", heldOut, HELD_OUT, SeriesMarkers.CIRCLE);
        if (!chart.getSeriesCollection().isEmpty()) {
            var bytes = new ByteArrayOutputStream();
            ImageIO.write(BitmapEncoder.getBufferedImage(chart), "png", bytes);
            AtomicFiles.writeFile(
                    folder.resolve(FILE_NAME),
                    channel -> Channels.newOutputStream(channel).write(bytes.toByteArray()));
        }
    }

    private static void add(XYChart chart, String name, Points points, Color color, Marker marker) {
        if (points.steps().length > 0) {
            XYSeries series = chart.addSeries(name, points.steps(), points.values());
            series.setLineColor(color);
            series.setLineStyle(new BasicStroke(2f));
            series.setMarker(marker);
            series.setMarkerColor(color);
        }
    }

    /// Points of a curve.
    ///
    /// @param steps their steps
    /// @param values their values
    record Points(double[] steps, double[] values) {
        /// At most so many points of a series: means of neighbours where it has more. Values that
        /// are not finite are left out.
        static Points of(Series series, int most) {
            long[] steps = series.steps();
            double[] values = series.values();
            int perPoint = Math.max(1, Math.ceilDiv(steps.length, most));
            int count = Math.ceilDiv(steps.length, perPoint);
            double[] x = new double[count];
            double[] y = new double[count];
            int n = 0;
            for (int i = 0; i < count; i++) {
                int end = Math.min(steps.length, (i + 1) * perPoint);
                double sum = 0;
                int finite = 0;
                for (int j = i * perPoint; j < end; j++) {
                    if (Double.isFinite(values[j])) {
                        sum += values[j];
                        finite++;
                    }
                }
                if (finite > 0) {
                    x[n] = steps[end - 1];
                    y[n++] = sum / finite;
                }
            }
            return new Points(Arrays.copyOf(x, n), Arrays.copyOf(y, n));
        }
    }
}
