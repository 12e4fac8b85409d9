using System.Diagnostics;
using Orleans.Clustering.KubeDns.Tests.Tidy;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Manifests;

/// <summary>The line of <c>k8s/README.md</c> that changes the Corefile, run on the one that kubeadm installs.</summary>
public sealed class CorefileTests : IDisposable
{
    private const string Before = """
        .:53 {
            errors
            health {
               lameduck 5s
            }
            kubernetes cluster.local in-addr.arpa ip6.arpa {
               pods insecure
               fallthrough in-addr.arpa ip6.arpa
               ttl 30
            }
            cache 30
        }

        """;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("corefile-");

    [Fact]
    public async Task The_change_adds_one_line_to_the_kubernetes_plugin_and_nothing_else()
    {
        var line = SourceTree.Read("k8s/README.md").Split('\n').Single(text => text.StartsWith("sed "));
        File.WriteAllText(Path.Combine(_folder.FullName, "Corefile.before"), Before);

        using var shell = Process.Start(new ProcessStartInfo("sh", ["-c", line])
        {
            WorkingDirectory = _folder.FullName,
        })!;
        await shell.WaitForExitAsync();

        Assert.Equal(0, shell.ExitCode);
        Assert.Equal(
            Before.Replace("ip6.arpa {\n", "ip6.arpa {\n        endpoint_pod_names\n"),
            File.ReadAllText(Path.Combine(_folder.FullName, "Corefile.after")));
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
