import gradbook as torch
from gradbook import nn


class LoadForecaster(nn.Module):
    def __init__(self, hidden=16):
        super().__init__()
        self.rnn = nn.GRU(1, hidden, batch_first=True)
        self.proj = nn.Linear(hidden, 1)

    def forward(self, x, state=None):
        out, state = self.rnn(x, state)
        return self.proj(out).squeeze(-1), state


class StatefulTrainer:
    def __init__(self, model, cfg):
        self.model, self.cfg = model, cfg
        self.opt = torch.optim.Adam(model.parameters(), lr=cfg["lr"])
        self.crit = nn.MSELoss()

    def fit(self, series):
        k = self.cfg["chunk"]
        for epoch in range(self.cfg["epochs"]):
            state, losses = None, []
            for s in range(0, series.shape[1] - k - 1, k):
                x = series[:, s:s + k].unsqueeze(-1)
                y = series[:, s + 1:s + k + 1]
                pred, new_state = self.model(x, state)
                loss = self.crit(pred, y)
                self.opt.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
                self.opt.step()
                state = new_state  # coach: backward-twice; fix: .detach()
                losses.append(loss.item())
            print(epoch, sum(losses) / len(losses))


torch.manual_seed(19)
t = torch.arange(121).float()
series = torch.sin(t[None, :] / 6 + 6.28 * torch.rand(8, 1)) + 0.05 * torch.randn(8, 121)
series = (series - series.mean()) / series.std()
StatefulTrainer(LoadForecaster(), {"lr": 5e-3, "chunk": 12, "epochs": 3}).fit(series)
