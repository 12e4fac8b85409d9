using Demo;
using TableBench;
using TableBench.Backends;
using TableBench.Raft;
using TableBench.Replica;

if (args is [ReplicaSettings.Command, .. var rest]) return await ReplicaProcess.RunAsync(ReplicaSettings.Parse(rest));
if (args is [RaftProcess.Command, .. var member]) return await RaftProcess.RunAsync(member);
if (args is ["--help"] or ["-h"])
{
    Console.WriteLine(TableOptions.Help);
    return 0;
}

TableOptions options;
try
{
    options = TableOptions.Parse(args);
}
catch (ArgumentException failure)
{
    Console.Error.WriteLine(failure.Message);
    return 2;
}

IBackend[] all =
[
    new KubeDnsBackend(1), new KubeDnsBackend(3), new KubeDnsBackend(5),
    new PostgresBackend(), new RedisBackend(), new EtcdBackend(1), new EtcdBackend(3),
    new RaftBackend(1), new RaftBackend(3),
];
var chosen = all.Where(backend => options.Backends.Count == 0
    || options.Backends.Contains(backend.Kind) || options.Backends.Contains(backend.Name.Replace(' ', '-'))).ToList();

// No signal ends it before its children.
using var stop = new Interruption(TimeSpan.FromHours(1));
try
{
    await using var benchmark = new Benchmark(options, chosen);
    await benchmark.RunAsync(stop.Token);
    Report.Write(benchmark, options);
    return 0;
}
catch (OperationCanceledException)
{
    Console.Error.WriteLine("interrupted, or out of time");
    return 1;
}
