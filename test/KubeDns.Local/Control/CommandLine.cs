using System.Net;
using System.Text.Json;
using KubeDns.Local.Model;
using KubeDns.Local.Server;

namespace KubeDns.Local.Control;

/// <summary>The command line; what is wrong with it is thrown as an <see cref="ArgumentException"/>.</summary>
internal static class CommandLine
{
    public const string Help = """
        KubeDns.Local: answers DNS as CoreDNS does in Kubernetes, for pods that you tell it of.

          --listen ADDRESS:PORT    where to answer, UDP and TCP            (127.0.0.1:5353; port 0: any)
          --control ADDRESS:PORT   HTTP control port, or 'none'            (127.0.0.1:5380)
          --zone NAME              cluster domain                          (cluster.local)
          --config FILE            cluster at the start, JSON as GET /state prints it
          --endpoint-pod-names     CoreDNS' option of this name            (off)
          --ttl SECONDS            TTL of the records                      (5)
          --max-udp BYTES          longest UDP answer, as CoreDNS' bufsize (65535)
          --help                   this text

        Prints one line once it listens. Stops at SIGINT or SIGTERM.
        Exit codes: 0 stopped as told, 1 failed (address in use), 2 command line or configuration wrong.
        """;

    /// <summary>Null: help was asked for.</summary>
    public static LocalDnsOptions? Parse(IReadOnlyList<string> arguments)
    {
        var options = new LocalDnsOptions
        {
            Listen = new IPEndPoint(IPAddress.Loopback, 5353),
            Control = new IPEndPoint(IPAddress.Loopback, 5380),
        };
        var rest = new Queue<string>(arguments);
        while (rest.TryDequeue(out var name))
        {
            if (name is "--help" or "-h")
            {
                return null;
            }

            options = Apply(options, name, rest);
        }

        return options;
    }

    private static LocalDnsOptions Apply(LocalDnsOptions options, string name, Queue<string> rest) => name switch
    {
        "--listen" => options with { Listen = ReadEndPoint(name, Value(name, rest)) },
        "--control" => options with { Control = ReadControl(name, Value(name, rest)) },
        "--zone" => options with { Zone = Value(name, rest) },
        "--config" => options with { Cluster = ReadCluster(Value(name, rest)) },
        "--endpoint-pod-names" => options with { EndpointPodNames = true },
        "--ttl" => options with { Ttl = ReadNumber(name, Value(name, rest), 0, int.MaxValue) },
        "--max-udp" => options with { MaximumUdpSize = ReadNumber(name, Value(name, rest), 512, ushort.MaxValue) },
        _ => throw new ArgumentException($"Unknown option '{name}'; see --help."),
    };

    private static string Value(string name, Queue<string> rest) =>
        rest.TryDequeue(out var value) ? value : throw new ArgumentException($"{name} wants a value; see --help.");

    private static IPEndPoint? ReadControl(string name, string value) =>
        value == "none" ? null : ReadEndPoint(name, value);

    private static IPEndPoint ReadEndPoint(string name, string value) =>
        value.Contains(':') && IPEndPoint.TryParse(value, out var endPoint)
            ? endPoint
            : throw new ArgumentException($"{name}: '{value}' is no ADDRESS:PORT such as 127.0.0.1:5353.");

    private static int ReadNumber(string name, string value, int least, int most) =>
        int.TryParse(value, out var number) && number >= least && number <= most
            ? number
            : throw new ArgumentException($"{name}: '{value}' is no number from {least} to {most}.");

    private static ClusterState ReadCluster(string file)
    {
        try
        {
            return ClusterJson.Read<ClusterState>(File.ReadAllText(file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new ArgumentException($"--config {file}: {ClusterJson.Explain(e)}", e);
        }
    }
}
