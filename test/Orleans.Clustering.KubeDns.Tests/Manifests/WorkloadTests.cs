using System.Globalization;
using System.Text.RegularExpressions;
using Orleans.Clustering.KubeDns.Tests.Tidy;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Manifests;

/// <summary>Holds the two workloads against the options' defaults, the probes and the sample's settings.</summary>
public partial class WorkloadTests
{
    private const string StatefulSet = "k8s/statefulset.yaml";
    private const string Deployment = "k8s/deployment.yaml";
    private const string Prefix = "Orleans__Clustering__";

    public static TheoryData<string> Workloads => [.. Manifest.Workloads];

    [Theory, MemberData(nameof(Workloads))]
    public void The_container_names_its_ports_as_the_services_do(string path)
    {
        var ports = Manifest.Container(path).List("ports")
            .ToDictionary(port => port.Text("name")!, port => port.Number("containerPort"));

        Assert.Equal(Defaults.SiloPort, ports["silo"]);
        Assert.Equal(Defaults.DiscoveryPort, ports[Defaults.DiscoveryPortName]);
        Assert.Equal(Defaults.StatusPort, ports["status"]);
        Assert.Equal(Defaults.GatewayPort, ports[Defaults.GatewayPortName]);
        Assert.Contains("http", ports.Keys);
    }

    [Theory, MemberData(nameof(Workloads))]
    public void Every_probe_asks_the_status_port_by_HTTP(string path)
    {
        AssertProbe(path, "startupProbe", Defaults.StartupPath, period: 5, failures: 120);
        AssertProbe(path, "livenessProbe", Defaults.LivePath, period: 10, failures: 3);
        AssertProbe(path, "readinessProbe", Defaults.ReadyPath, period: 5, failures: 3);
    }

    [Theory, MemberData(nameof(Workloads))]
    public void Every_clustering_setting_is_an_option(string path)
    {
        var names = Manifest.Container(path).List("env").Select(entry => entry.Text("name")!)
            .Where(name => name.StartsWith(Prefix)).Select(name => name[Prefix.Length..]).ToList();

        Assert.Contains("ProviderType", names);
        Assert.Empty(names.Except([.. Defaults.OptionNames, "ProviderType"]));
        Assert.Equal("KubeDns", Manifest.Environment(path, Prefix + "ProviderType"));
    }

    [Theory, MemberData(nameof(Workloads))]
    public void The_settings_name_the_services_that_exist(string path)
    {
        var discovery = Manifest.Environment(path, Prefix + "ServiceName")!;
        var ready = Manifest.Environment(path, Prefix + "ReadyServiceName")!;

        Assert.NotNull(Manifest.Single("k8s/common.yaml", "Service", discovery));
        Assert.NotNull(Manifest.Single("k8s/common.yaml", "Service", ready));
    }

    [Theory, MemberData(nameof(Workloads))]
    public void The_downward_API_tells_the_pod_who_it_is(string path)
    {
        var fields = Manifest.Container(path).List("env").Where(entry => entry.At("valueFrom.fieldRef") is not null)
            .ToDictionary(entry => entry.Text("name")!, entry => entry.Text("valueFrom.fieldRef.fieldPath"));

        Assert.Equal("metadata.name", fields["POD_NAME"]);
        Assert.Equal("metadata.namespace", fields["POD_NAMESPACE"]);
        Assert.Equal("status.podIP", fields["POD_IP"]);
        Assert.Equal("spec.nodeName", fields["NODE_NAME"]);
    }

    [Theory, MemberData(nameof(Workloads))]
    public void The_grace_period_exceeds_the_time_for_stopping(string path)
    {
        var stopping = TimeSpan.Parse(
            Manifest.Environment(path, "Host__ShutdownTimeout")!, CultureInfo.InvariantCulture);

        Assert.True(Manifest.Pod(path).Number("terminationGracePeriodSeconds") >= stopping.TotalSeconds + 10);
    }

    [Theory, MemberData(nameof(Workloads))]
    public void The_secret_is_mounted_where_the_settings_look_for_it(string path)
    {
        var mount = Manifest.Container(path).List("volumeMounts").Single();
        var volume = Manifest.Pod(path).List("volumes").Single();
        var files = volume.List("secret.items").Select(item => $"{mount.Text("mountPath")}/{item.Text("path")}");

        Assert.Equal(volume.Text("name"), mount.Text("name"));
        string[] settings = ["SecretFile", "PreviousSecretFile"];
        Assert.Equal(settings.Select(setting => Manifest.Environment(path, Prefix + setting)), files);
    }

    [Theory, MemberData(nameof(Workloads))]
    public void The_pod_needs_no_privilege_and_no_API_token(string path)
    {
        var container = Manifest.Container(path);

        Assert.Equal("false", Manifest.Pod(path).Text("automountServiceAccountToken"));
        Assert.Equal("true", Manifest.Pod(path).Text("securityContext.runAsNonRoot"));
        Assert.Equal("true", container.Text("securityContext.readOnlyRootFilesystem"));
        Assert.Equal("false", container.Text("securityContext.allowPrivilegeEscalation"));
    }

    [Theory, MemberData(nameof(Workloads))]
    public void Silos_are_spread_over_nodes_strictly_and_over_zones_if_possible(string path) => Assert.Equal(
        [("kubernetes.io/hostname", "DoNotSchedule"), ("topology.kubernetes.io/zone", "ScheduleAnyway")],
        Manifest.Pod(path).List("topologySpreadConstraints")
            .Select(spread => (spread.Text("topologyKey"), spread.Text("whenUnsatisfiable"))));

    [Theory, MemberData(nameof(Workloads))]
    public void The_annotations_for_meshes_leave_out_every_port_of_the_silo(string path)
    {
        int[] ports = [Defaults.SiloPort, Defaults.DiscoveryPort, Defaults.StatusPort, Defaults.GatewayPort];
        var lists = MeshPorts().Matches(SourceTree.Read(path)).Select(match => match.Groups[1].Value).ToList();

        Assert.Equal(4, lists.Count);
        Assert.All(lists, list => Assert.Equal(string.Join(',', ports), list));
    }

    [Fact]
    public void The_StatefulSet_is_governed_by_the_discovery_service_and_starts_all_at_once()
    {
        var workload = Manifest.Workload(StatefulSet);

        Assert.Equal(Manifest.Environment(StatefulSet, Prefix + "ServiceName"), workload.Text("spec.serviceName"));
        Assert.Equal("Parallel", workload.Text("spec.podManagementPolicy"));
        Assert.True(workload.Number("spec.replicas") >= 3);
    }

    [Fact]
    public void The_Deployment_gives_a_subdomain_but_no_host_name_and_never_goes_below_its_size()
    {
        var workload = Manifest.Workload(Deployment);
        var pod = Manifest.Pod(Deployment);

        Assert.Equal(Manifest.Environment(Deployment, Prefix + "ServiceName"), pod.Text("subdomain"));
        Assert.Null(pod.Text("hostname"));
        Assert.Equal(1, workload.Number("spec.strategy.rollingUpdate.maxSurge"));
        Assert.Equal(0, workload.Number("spec.strategy.rollingUpdate.maxUnavailable"));
        Assert.True(workload.Number("spec.replicas") >= 3);
    }

    private static void AssertProbe(string path, string probe, string url, int period, int failures)
    {
        var node = Manifest.Container(path).At(probe)!;

        Assert.Equal(url, node.Text("httpGet.path"));
        Assert.Equal("status", node.Text("httpGet.port"));
        Assert.Equal(period, node.Number("periodSeconds"));
        Assert.Equal(failures, node.Number("failureThreshold"));
    }

    [GeneratedRegex("""# .*(?:Ports|-ports): "([\d,]+)""")]
    private static partial Regex MeshPorts();
}
