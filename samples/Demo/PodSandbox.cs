namespace Demo;

/// <summary>What a pod's containers share and other pods do not have, as the container runtime makes it.</summary>
internal interface IPodSandbox
{
    /// <summary>Whether <c>/etc/hosts</c> and <c>/etc/resolv.conf</c> are the pod's own.</summary>
    bool HasOwnFiles { get; }

    Task OpenAsync(Pod pod);

    /// <summary>The command that runs another one in the pod, under the process id that it is started with.</summary>
    string[] Enter(Pod pod, string[] command);

    Task CloseAsync(Pod pod);
}

/// <summary>All pods on this machine, told apart by their addresses alone.</summary>
internal sealed class SharedSandbox : IPodSandbox
{
    public bool HasOwnFiles => false;

    public Task OpenAsync(Pod pod) => Task.CompletedTask;

    public string[] Enter(Pod pod, string[] command) => command;

    public Task CloseAsync(Pod pod) => Task.CompletedTask;
}
