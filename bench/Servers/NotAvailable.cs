namespace Servers;

/// <summary>A server cannot be had on this machine; the message is the reason, as the benchmark prints it.</summary>
internal sealed class NotAvailable(string reason, Exception? cause = null) : Exception(reason, cause);
