using System.Diagnostics;
using Xunit;

namespace Orleans.Clustering.KubeDns.Cluster.Bind;

/// <summary>
/// A network of its own with nothing but a loopback, in which packets can be lost. It ends with the processes in it.
/// </summary>
internal sealed class NetworkNamespace : IDisposable
{
    /// <summary>Longer than any test; should nobody end it, it ends.</summary>
    private const int Seconds = 900;

    private readonly Process _holder;

    private NetworkNamespace(Process holder) => _holder = holder;

    /// <summary>What is put before a command to run it there.</summary>
    public string[] Enter => ["nsenter", $"--net=/proc/{_holder.Id}/ns/net"];

    /// <summary>Skips the test where that cannot be had.</summary>
    public static NetworkNamespace Start()
    {
        Skip.IfNot(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Namespaces need root on Linux.");
        foreach (var program in (string[])["unshare", "nsenter", "ip", "nft"])
        {
            Skip.If(
                Named.Find(program) is null, $"{program} is not installed (Debian: util-linux, iproute2, nftables).");
        }

        var hold = $"ip link set lo up && nft list ruleset && echo ready && exec sleep {Seconds}";
        var holder = Process.Start(new ProcessStartInfo("unshare", ["--net", "sh", "-c", hold])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        if (holder.StandardOutput.ReadLine() == "ready") return new NetworkNamespace(holder);
        var said = holder.StandardError.ReadToEnd();
        holder.Dispose();
        Skip.If(true, $"No namespace can be made here: {said}");
        throw new InvalidOperationException(said);
    }

    /// <summary>What leaving packets meet: lines of an nft chain.</summary>
    public void Filter(string rule)
    {
        using var nft = Process.Start(new ProcessStartInfo(Enter[0], [.. Enter[1..], "nft", "-f", "-"])
        {
            RedirectStandardInput = true,
            RedirectStandardError = true,
        })!;
        nft.StandardInput.Write($$"""
            table inet lost {
              chain output {
                type filter hook output priority 0; policy accept;
                {{rule}}
              }
            }

            """);
        nft.StandardInput.Close();
        var said = nft.StandardError.ReadToEnd();
        nft.WaitForExit();
        Assert.True(nft.ExitCode == 0, said);
    }

    public void Dispose()
    {
        _holder.Kill();
        _holder.WaitForExit();
        _holder.Dispose();
    }
}
