using System.Text.RegularExpressions;
using Orleans.Clustering.KubeDns.Tests.Tidy;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Manifests;

/// <summary>The image's recipe against the manifests that run it and the files that it copies.</summary>
public partial class DockerfileTests
{
    private static readonly string[] Lines = SourceTree.Read("samples/SiloApp/Dockerfile").Split('\n');

    public static TheoryData<string> Workloads => [.. Typed.Templates.Keys];

    [Fact]
    public void It_builds_in_one_stage_and_runs_in_another() => Assert.Equal(
        ["${SDK_IMAGE} AS build", "${RUNTIME_IMAGE}"], Instructions("FROM"));

    [Theory, MemberData(nameof(Workloads))]
    public void It_runs_as_the_user_of_the_manifests(string workload)
    {
        var security = Typed.Templates[workload].Spec.SecurityContext;

        Assert.Equal([$"{security.RunAsUser}"], Instructions("USER"));
        Assert.Equal(security.RunAsUser, security.RunAsGroup);
        Assert.True(security.RunAsNonRoot);
    }

    [Theory, MemberData(nameof(Workloads))]
    public void It_exposes_the_ports_of_the_manifests(string workload) => Assert.Equal(
        Typed.Templates[workload].Spec.Containers.Single().Ports.Select(port => port.ContainerPort),
        Instructions("EXPOSE").Single().Split(' ').Select(int.Parse));

    [Fact]
    public void It_writes_nothing_and_signals_reach_the_silo()
    {
        Assert.Contains("DOTNET_EnableDiagnostics=0", string.Join('\n', Lines));
        Assert.Equal(["[\"dotnet\", \"SiloApp.dll\"]"], Instructions("ENTRYPOINT"));
    }

    [Fact]
    public void Everything_that_it_copies_from_the_repository_exists()
    {
        var copied = Instructions("COPY").Where(text => !text.StartsWith("--from="))
            .SelectMany(text => text.Split(' ')[..^1]).ToList();

        Assert.Contains("samples/SiloApp/", copied);
        Assert.All(copied, path => Assert.True(Path.Exists(Path.Combine(SourceTree.Root, path)), path));
    }

    [Fact]
    public void The_sample_needs_no_project_that_is_not_copied()
    {
        var folders = Reference().Matches(SourceTree.Read("samples/SiloApp/SiloApp.csproj"))
            .Select(match => match.Groups[1].Value);

        Assert.All(folders, path => Assert.StartsWith("../../src/", path));
    }

    private static IEnumerable<string> Instructions(string name) =>
        Lines.Where(line => line.StartsWith($"{name} ")).Select(line => line[(name.Length + 1)..]);

    [GeneratedRegex("(?:Include|Project)=\"(\\.\\.[^\"]*)\"")]
    private static partial Regex Reference();
}
