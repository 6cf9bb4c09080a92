package io.chagres.ptx.machine;

import java.util.Arrays;
import java.util.Set;

/// Special registers, filled in when a warp starts.
public final class Specials {
    private static final Set<String> KNOWN =
            Set.of(
                    "%tid.x",
                    "%tid.y",
                    "%tid.z",
                    "%ntid.x",
                    "%ntid.y",
                    "%ntid.z",
                    "%ctaid.x",
                    "%ctaid.y",
                    "%ctaid.z",
                    "%nctaid.x",
                    "%nctaid.y",
                    "%nctaid.z",
                    "%laneid",
                    "%warpid",
                    "%nwarpid",
                    "%lanemask_eq",
                    "%lanemask_lt",
                    "%lanemask_le",
                    "%lanemask_gt",
                    "%lanemask_ge",
                    "%smid",
                    "%nsmid",
                    "%gridid",
                    "%clock",
                    "%clock_hi",
                    "%dynamic_smem_size",
                    "%total_smem_size",
                    "%cluster_ctaid.x",
                    "%cluster_ctaid.y",
                    "%cluster_ctaid.z",
                    "%cluster_nctaid.x",
                    "%cluster_nctaid.y",
                    "%cluster_nctaid.z",
                    "%cluster_ctarank",
                    "%cluster_nctarank",
                    "%clusterid.x",
                    "%clusterid.y",
                    "%clusterid.z",
                    "%nclusterid.x",
                    "%nclusterid.y",
                    "%nclusterid.z");

    private Specials() {}

    /// Whether there is a 32-bit special register of this name.
    public static boolean known(String name) {
        return KNOWN.contains(name);
    }

    static void fill(String name, Warp w, int[] into) {
        Block b = w.block;
        Launch l = b.launch;
        if (name.startsWith("%tid.") || name.startsWith("%lane")) {
            for (int lane = 0; lane < 32; lane++) {
                into[lane] = lane(name, w, lane);
            }
            return;
        }
        Arrays.fill(into, uniform(name, w, b, l));
    }

    private static int lane(String name, Warp w, int lane) {
        Dim3 n = w.block.launch.threads();
        Dim3 t = n.position(w.id * 32L + lane);
        return switch (name) {
            case "%tid.x" -> t.x();
            case "%tid.y" -> t.y();
            case "%tid.z" -> t.z();
            case "%laneid" -> lane;
            case "%lanemask_eq" -> 1 << lane;
            case "%lanemask_lt" -> (1 << lane) - 1;
            case "%lanemask_le" -> (1 << lane) - 1 | 1 << lane;
            case "%lanemask_ge" -> -1 << lane;
            default -> -1 << lane & ~(1 << lane);
        };
    }

    private static int uniform(String name, Warp w, Block b, Launch l) {
        int dot = name.indexOf('.');
        String base = dot < 0 ? name : name.substring(0, dot);
        Dim3 c = l.cluster();
        Dim3 v =
                switch (base) {
                    case "%ntid" -> l.threads();
                    case "%ctaid" -> b.position;
                    case "%nctaid" -> l.grid();
                    case "%cluster_ctaid" -> c.position(b.rank % c.volume());
                    case "%cluster_nctaid" -> c;
                    case "%clusterid" ->
                            new Dim3(
                                    b.position.x() / c.x(),
                                    b.position.y() / c.y(),
                                    b.position.z() / c.z());
                    case "%nclusterid" ->
                            new Dim3(
                                    l.grid().x() / c.x(),
                                    l.grid().y() / c.y(),
                                    l.grid().z() / c.z());
                    default -> Dim3.of(scalar(name, w, b, l));
                };
        return dot < 0 || name.endsWith(".x") ? v.x() : name.endsWith(".y") ? v.y() : v.z();
    }

    private static int scalar(String name, Warp w, Block b, Launch l) {
        return switch (name) {
            case "%warpid" -> w.id;
            case "%nwarpid" -> b.warps.length;
            case "%nsmid" -> 1;
            case "%dynamic_smem_size" -> l.sharedBytes() - l.kernel().staticShared();
            case "%total_smem_size" -> l.sharedBytes();
            case "%cluster_ctarank" -> (int) (b.rank % l.cluster().volume());
            case "%cluster_nctarank" -> (int) l.cluster().volume();
            default -> 0;
        };
    }
}
