using System.Globalization;
using k8s.Models;
using Microsoft.Extensions.Configuration;
using Orleans.Clustering.KubeDns.Tests.Tidy;
using Orleans.Configuration;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Manifests;

/// <summary>The manifests in Kubernetes' own types, against each other and against what the code reads.</summary>
public class TypedTests
{
    public static TheoryData<string> Files => [.. Typed.Files];

    public static TheoryData<string> Workloads => [.. Typed.Templates.Keys];

    [Theory, MemberData(nameof(Files))]
    public void Every_document_is_of_its_kinds_type(string path)
    {
        var items = Typed.Read(path);

        Assert.NotEmpty(items);
        Assert.All(items, item => Assert.Equal("siloapp", item.Metadata.Labels["app"]));
    }

    [Theory]
    [InlineData("  clusterIP: None", "  clusterIp: None")]
    [InlineData("  publishNotReadyAddresses: true", "  publishNotReady: true")]
    [InlineData("      port: 11112", "      port: many")]
    [InlineData("apiVersion: policy/v1", "apiVersion: policy/v0")]
    public void A_slip_in_a_document_is_found(string right, string wrong)
    {
        var text = SourceTree.Read("k8s/common.yaml");
        Assert.Contains(right, text);

        // A kind that the package does not know is none of ours either: it comes back as nothing we can read.
        Assert.ThrowsAny<Exception>(() => Typed.Parse(text.Replace(right, wrong)));
    }

    [Fact]
    public void There_is_one_of_everything() => Assert.Equal(
        [
            "Deployment silo", "NetworkPolicy siloapp", "PodDisruptionBudget siloapp", "Secret orleans",
            "Service orleans", "Service orleans-ready", "Service siloapp", "StatefulSet silo",
        ],
        Typed.All.Select(item => $"{item.Kind} {item.Metadata.Name}").Order(StringComparer.Ordinal));

    [Theory, MemberData(nameof(Workloads))]
    public void Every_port_that_is_named_is_a_port_of_the_container(string workload)
    {
        var container = Container(workload);
        var names = container.Ports.Select(port => port.Name).ToHashSet();
        var probes = new[] { container.StartupProbe, container.LivenessProbe, container.ReadinessProbe };

        Assert.All(probes, probe => Assert.Contains(probe.HttpGet.Port.Value, names));
        Assert.All(
            Typed.All.OfType<V1Service>().SelectMany(service => service.Spec.Ports),
            port => Assert.Contains(port.TargetPort.Value, names));
    }

    [Theory, MemberData(nameof(Workloads))]
    public void The_policy_opens_every_port_of_the_container_and_no_other(string workload)
    {
        var policy = Typed.Single<V1NetworkPolicy>("siloapp").Spec;
        var open = policy.Ingress.SelectMany(rule => rule.Ports).Select(port => port.Port.Value).Order();

        Assert.Equal(Container(workload).Ports.Select(port => $"{port.ContainerPort}").Order(), open);
    }

    [Theory, MemberData(nameof(Workloads))]
    public void The_selectors_pick_the_pods_and_change_with_no_rollout(string workload)
    {
        var labels = Typed.Templates[workload].Metadata.Labels;
        IDictionary<string, string>[] selectors =
        [
            Typed.Single<V1StatefulSet>("silo").Spec.Selector.MatchLabels,
            Typed.Single<V1Deployment>("silo").Spec.Selector.MatchLabels,
            .. Typed.All.OfType<V1Service>().Select(service => service.Spec.Selector),
            Typed.Single<V1PodDisruptionBudget>("siloapp").Spec.Selector.MatchLabels,
            Typed.Single<V1NetworkPolicy>("siloapp").Spec.PodSelector.MatchLabels,
        ];

        Assert.All(selectors, selector => Assert.Equal([new("app", labels["app"])], selector));
    }

    [Theory, MemberData(nameof(Workloads))]
    public void The_binder_of_the_options_reads_every_setting(string workload)
    {
        var options = new KubeDnsClusteringOptions();
        var unreadable = new List<string>();
        OptionBinding.Bind(Settings(workload).GetSection("Orleans:Clustering"), options, unreadable);

        Assert.Empty(unreadable);
        Assert.Equal("orleans", options.ServiceName);
        Assert.Equal("orleans-ready", options.ReadyServiceName);
        var replicas = Typed.Single<V1StatefulSet>("silo").Spec.Replicas!.Value;
        Assert.Equal(replicas, Typed.Single<V1Deployment>("silo").Spec.Replicas);
        Assert.Equal(replicas / 2 + 1, options.MinimumSilos);
    }

    [Theory, MemberData(nameof(Workloads))]
    public void The_grace_period_exceeds_what_the_host_takes_to_stop(string workload)
    {
        var inManifest = Settings(workload)["Host:ShutdownTimeout"];
        var inSettings = new ConfigurationBuilder()
            .AddJsonStream(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(
                SourceTree.Read("samples/SiloApp/appsettings.json")))).Build()["Host:ShutdownTimeout"];

        Assert.Equal(inSettings, inManifest);
        var stopping = TimeSpan.Parse(inManifest!, CultureInfo.InvariantCulture).TotalSeconds;
        Assert.True(Typed.Templates[workload].Spec.TerminationGracePeriodSeconds >= stopping + 10);
    }

    [Theory, MemberData(nameof(Workloads))]
    public void The_secret_holds_the_keys_that_are_mounted(string workload)
    {
        var source = Assert.Single(Typed.Templates[workload].Spec.Volumes).Secret;
        var secret = Typed.Single<V1Secret>(source.SecretName);

        Assert.Equal(secret.StringData.Keys.Order(), source.Items.Select(item => item.Key).Order());
        Assert.All(secret.StringData.Values, Assert.Empty);
    }

    private static V1Container Container(string workload) => Typed.Templates[workload].Spec.Containers.Single();

    private static IConfiguration Settings(string workload) => new ConfigurationBuilder()
        .AddInMemoryCollection(Container(workload).Env.Where(entry => entry.Value is not null)
            .Select(entry => KeyValuePair.Create(entry.Name.Replace("__", ":"), (string?)entry.Value))).Build();
}
