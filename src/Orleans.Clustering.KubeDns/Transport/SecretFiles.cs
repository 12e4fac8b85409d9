using Microsoft.Extensions.Logging;

namespace Orleans.Clustering.KubeDns.Transport;

/// <summary>The shared secret, and the one before it while a rotation is under way.</summary>
internal sealed class Secrets(byte[] current, byte[]? previous)
{
    /// <summary>Codes by each key, the one to sign with first. Both are accepted.</summary>
    public IReadOnlyList<Macs> All { get; } =
        previous is null ? [new Macs(current)] : [new Macs(current), new Macs(previous)];

    /// <summary>Whether that key is still accepted.</summary>
    public bool Hold(Macs macs) => All.Any(known => Macs.Same(known.Key, macs.Key));
}

/// <summary>
/// Reads the secrets from their files, again whenever a second has passed. It reads the content rather than comparing
/// times: Kubernetes updates a mounted Secret by swapping a directory link, which leaves the time of the named link
/// alone, and the files are a few bytes in memory. A file that cannot be read later on leaves the last secret in force.
/// </summary>
internal sealed partial class SecretFiles
{
    private const int MaxBytes = 4096;

    // Without a secret the codes are mere checksums: one path for both, and a peer that has a secret is told apart.
    private static readonly byte[] NoSecret = "Orleans.Clustering.KubeDns without a secret"u8.ToArray();
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly string? _current;
    private readonly string? _previous;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private volatile Secrets _secrets;
    private long _readAt;
    private bool _failing;

    /// <summary>Throws <see cref="InvalidOperationException"/> if a secret is asked for that cannot be read.</summary>
    public SecretFiles(string? current, string? previous, ILogger logger, TimeProvider? time = null)
    {
        (_current, _previous, _logger, _time) = (current, previous, logger, time ?? TimeProvider.System);
        if (current is null) LogNoSecret();
        _secrets = ReadFiles(out var fault)
            ?? throw new InvalidOperationException($"{fault} A silo does not start without the secret it is to use.");
        _readAt = _time.GetTimestamp();
    }

    /// <summary>The secrets in force now.</summary>
    public Secrets Now
    {
        get
        {
            if (_current is null || _time.GetElapsedTime(Interlocked.Read(ref _readAt)) < Interval) return _secrets;
            // Whoever comes while another reads goes on with what is known.
            if (!_lock.TryEnter()) return _secrets;
            try
            {
                Refresh();
            }
            finally
            {
                _lock.Exit();
            }

            return _secrets;
        }
    }

    private void Refresh()
    {
        Interlocked.Exchange(ref _readAt, _time.GetTimestamp());
        var read = ReadFiles(out var fault);
        if (read is not null && !Same(read, _secrets))
        {
            _secrets = read;
            LogSecretChanged(read.All.Count > 1);
        }

        if (read is null && !_failing) LogUnreadable(fault);
        _failing = read is null;
    }

    private static bool Same(Secrets left, Secrets right) =>
        left.All.Count == right.All.Count
        && left.All.Zip(right.All).All(pair => Macs.Same(pair.First.Key, pair.Second.Key));

    private Secrets? ReadFiles(out string fault)
    {
        fault = "";
        if (_current is null) return new Secrets(NoSecret, null);
        try
        {
            if (ReadFile(_current) is not { } current)
            {
                fault = $"SecretFile {_current} is missing or empty.";
                return null;
            }

            return new Secrets(current, _previous is null ? null : ReadFile(_previous));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            fault = $"A secret file cannot be read: {error.Message}";
            return null;
        }
    }

    // The previous secret's file may well be absent or empty: that is how a rotation ends.
    private static byte[]? ReadFile(string path)
    {
        if (!File.Exists(path)) return null;
        using var file = File.OpenRead(path);
        if (file.Length > MaxBytes) throw new IOException($"{path} holds more than {MaxBytes} bytes.");
        var bytes = new byte[MaxBytes];
        var length = file.ReadAtLeast(bytes, MaxBytes, throwOnEndOfStream: false);
        var trimmed = bytes.AsSpan(0, length).TrimEnd("\r\n"u8);
        return trimmed.IsEmpty ? null : trimmed.ToArray();
    }

    [LoggerMessage(7301, LogLevel.Warning, "InsecureNoSecret: no SecretFile is set. Any process that reaches the " +
        "discovery port can pose as a silo. Mount a Secret and set SecretFile, or keep strangers out by a " +
        "NetworkPolicy.")]
    private partial void LogNoSecret();

    [LoggerMessage(7302, LogLevel.Information, "The secret has changed; a previous one is accepted: {Previous}.")]
    private partial void LogSecretChanged(bool previous);

    [LoggerMessage(7303, LogLevel.Warning, "{Fault} The last secret that was read stays in force.")]
    private partial void LogUnreadable(string fault);
}
