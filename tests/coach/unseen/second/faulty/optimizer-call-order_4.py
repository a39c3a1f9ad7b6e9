import gradbook as torch
from gradbook import nn, optim


class SeqRegressor(nn.Module):
    def __init__(self, hidden_size=16):
        super().__init__()
        self.rnn = nn.GRU(1, hidden_size, batch_first=True)
        self.out = nn.Linear(hidden_size, 1)

    def forward(self, seq):
        states, _ = self.rnn(seq)
        return self.out(states[:, -1])


def make_series(n=96, length=12):
    phase = torch.rand(n, 1) * 6.28
    ts = torch.arange(length + 1).float() * 0.5
    wave = torch.sin(ts + phase)
    return wave[:, :-1].unsqueeze(-1), wave[:, -1:]


def train(model, seqs, targets, n_epochs=8, bs=24):
    optimizer = optim.RMSprop(model.parameters(), lr=0.005)
    loss_fn = nn.SmoothL1Loss()
    for epoch in range(n_epochs):
        order = torch.randperm(len(seqs))
        epoch_loss = 0.0
        for start in range(0, len(seqs), bs):
            idx = order[start:start + bs]
            optimizer.zero_grad()
            loss = loss_fn(model(seqs[idx]), targets[idx])
            optimizer.step()  # coach: optimizer-call-order; fix: loss.backward()
            epoch_loss += loss.item()
        print(f"epoch {epoch}  loss {epoch_loss:.5f}")


if __name__ == "__main__":
    torch.manual_seed(5)
    seqs, targets = make_series()
    train(SeqRegressor(), seqs, targets)
# coach-also: loss-plateau, stale-optimizer, update-ratio-low, unused-parameters
