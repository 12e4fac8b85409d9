namespace Orleans.Configuration;

/// <summary>
/// How a silo finds its peers through a Kubernetes headless service, and how it holds the membership table with them.
/// Bind from <c>Orleans:Clustering</c> with <c>ProviderType</c> <c>KubeDns</c>, or set in code.
/// </summary>
public sealed class KubeDnsClusteringOptions
{
    /// <summary>
    /// The headless service (with <c>publishNotReadyAddresses: true</c>) that lists the silos: a short name or an FQDN.
    /// Required.
    /// </summary>
    public string ServiceName { get; set; } = "";

    /// <summary>
    /// A second headless service over the same pods, without <c>publishNotReadyAddresses</c>: its list is the evidence
    /// that a pod on a lost node no longer counts. Default: none (warning KDNS310).
    /// </summary>
    public string? ReadyServiceName { get; set; }

    /// <summary>
    /// The Kubernetes namespace of the services. Default: the first <c>search</c> entry of
    /// <see cref="ResolvConf"/>, else the service account's namespace.
    /// </summary>
    public string? Namespace { get; set; }

    /// <summary>
    /// The cluster's DNS zone. Default: the first <c>search</c> entry of <see cref="ResolvConf"/>, else
    /// <c>cluster.local</c>.
    /// </summary>
    public string? ClusterDomain { get; set; }

    /// <summary>
    /// The name of the service's port for discovery: 1–15 lower-case letters, digits and hyphens. Default
    /// <c>discovery</c>.
    /// </summary>
    public string PortName { get; set; } = "discovery";

    /// <summary>The TCP port on which this silo listens for its peers: 1–65535, default 11112.</summary>
    public int DiscoveryPort { get; set; } = 11112;

    /// <summary>
    /// The TCP port of the probes (<c>/startupz</c>, <c>/livez</c>, <c>/readyz</c>, <c>/statusz</c>; plain HTTP):
    /// 1–65535, default 11113; 0 turns it off.
    /// </summary>
    public int StatusPort { get; set; } = 11113;

    /// <summary>
    /// This silo's identity, <c>&lt;pod&gt;.&lt;subdomain&gt;.&lt;namespace&gt;.svc.&lt;zone&gt;</c>. Default: the name
    /// that <see cref="HostsFile"/> gives for the silo's address, as <c>hostname -f</c> prints it.
    /// </summary>
    public string? Fqdn { get; set; }

    /// <summary>The hosts file. Default <c>/etc/hosts</c>; elsewhere for laptops and tests.</summary>
    public string HostsFile { get; set; } = "/etc/hosts";

    /// <summary>The resolver's settings. Default <c>/etc/resolv.conf</c>; elsewhere for laptops and tests.</summary>
    public string ResolvConf { get; set; } = "/etc/resolv.conf";

    /// <summary>
    /// How old a DNS answer may be: founding and rescue wait it out. 0–10 minutes. Default (null): the largest TTL
    /// seen and a second, within 1–30 s, once answers were watched for longer than that (a cache serves what is left of
    /// a TTL); 30 s before, and after a TTL of 0. Where no cache stands between, 0.2 s is right; behind a cache that
    /// prolongs TTLs or serves stale answers, add its limit.
    /// </summary>
    public TimeSpan? DnsStaleness { get; set; }

    /// <summary>Which name counts as a silo's identity. Default <see cref="EndpointNaming.PodName"/>.</summary>
    public EndpointNaming EndpointNaming { get; set; } = EndpointNaming.PodName;

    /// <summary>
    /// The DNS servers to ask, each an IP address with or without a port (53). At most 8. Default: those of
    /// <see cref="ResolvConf"/>.
    /// </summary>
    public IList<string> NameServers { get; set; } = [];

    /// <summary>A new cluster is founded only with so many silos: 1–500, default 1.</summary>
    public int MinimumSilos { get; set; } = 1;

    /// <summary>
    /// How long founding waits for listed addresses that are silent: 1 s–10 minutes, default 30 s. (Addresses that
    /// refuse are passed over after 10 s.)
    /// </summary>
    public TimeSpan ContactTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How many silos may vote on the table: odd, 1–9, default 5.</summary>
    public int MaxVoters { get; set; } = 5;

    /// <summary>
    /// Whether a refused connection, seen by two witnesses, shows that a silo's process ended. Default true; turn it
    /// off in networks whose proxies refuse on behalf of the living.
    /// </summary>
    public bool TrustConnectionRefused { get; set; } = true;

    /// <summary>
    /// The domain that fails as one; voters are spread over different ones. Default: the environment variable
    /// <c>ORLEANS_ZONE</c>, else <c>NODE_NAME</c>. At most 253 characters.
    /// </summary>
    public string? FailureDomain { get; set; }

    /// <summary>
    /// What survivors do once a majority of the voters is lost. Default
    /// <see cref="QuorumLossPolicy.FollowKubernetes"/>.
    /// </summary>
    public QuorumLossPolicy QuorumLoss { get; set; } = QuorumLossPolicy.FollowKubernetes;

    /// <summary>
    /// How long one operation on the table may take before it throws: 0.1–60 s, default 5 s. Reads get three fifths of
    /// it (3 s).
    /// </summary>
    public TimeSpan OperationTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long a silent leader is waited for before another voter takes over: 0.05–30 s, less than
    /// <see cref="OperationTimeout"/>, default 1 s (plus up to 0.5 s at random; at once when its connection is reset or
    /// refused).
    /// </summary>
    public TimeSpan TakeoverAfter { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// A voter that has not answered for so long, while a majority did, is replaced: 1 s–10 minutes, more than
    /// <see cref="TakeoverAfter"/>, default 10 s.
    /// </summary>
    public TimeSpan VoterTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long (and at least five times) a silo's address must refuse connections before its process counts as ended:
    /// 0.1–60 s, default 1.5 s.
    /// </summary>
    public TimeSpan RefusedFor { get; set; } = TimeSpan.FromSeconds(1.5);

    /// <summary>
    /// How long an unreachable silo must be gone from the discovery service before it counts as ended: 1 s–10 minutes,
    /// default 10 s.
    /// </summary>
    public TimeSpan RemovedFor { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long an unreachable silo must be gone from the ready service before a rescue may go on without it:
    /// 1 s–1 hour, default 20 s.
    /// </summary>
    public TimeSpan NotReadyFor { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// How long a majority of the voters must be unreachable before a rescue is attempted: 0.5 s–10 minutes, default
    /// 5 s.
    /// </summary>
    public TimeSpan RescueAfter { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// A silo whose own loop ran late by more than this neither votes nor leads until it has asked its peers whether
    /// they went on without it: 0.5 s–5 minutes, default 5 s.
    /// </summary>
    public TimeSpan StallFence { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// A silo that is gone from the discovery service for so long, and cannot reach a majority, ends itself:
    /// 5 s–1 hour, default 60 s.
    /// </summary>
    public TimeSpan FenceAfter { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// A file that holds the secret by which silos authenticate each other; read again when it changes. Default: none
    /// (warning).
    /// </summary>
    [Redact]
    public string? SecretFile { get; set; }

    /// <summary>
    /// A file that holds the secret in use before the last rotation: accepted, and used to send only to a peer that
    /// does not know the current one yet. Needs <see cref="SecretFile"/>. Default: none.
    /// </summary>
    [Redact]
    public string? PreviousSecretFile { get; set; }

    /// <summary>What the configuration held and could not be read; the validator tells it with all the rest.</summary>
    internal IList<string> Unreadable { get; } = [];

    /// <summary>How long a read may take.</summary>
    internal TimeSpan ReadTimeout => OperationTimeout * 0.6;
}
