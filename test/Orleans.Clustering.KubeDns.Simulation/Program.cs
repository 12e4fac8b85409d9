namespace Orleans.Clustering.KubeDns.Simulation; internal static class Program { private static int Main() => 0; }
