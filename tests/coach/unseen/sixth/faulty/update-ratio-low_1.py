from dataclasses import dataclass

import gradbook as torch
from gradbook import nn
from gradbook.nn.utils import clip_grad_norm_
from gradbook.utils.data import DataLoader, TensorDataset


@dataclass
class Settings:
    lookback: int = 20
    hidden: int = 24
    lr: float = 0.05
    momentum: float = 0.9
    batch: int = 40
    epochs: int = 6


class LSTMForecast(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.lstm = nn.LSTM(1, hidden, batch_first=True)
        self.head = nn.Linear(hidden, 1)

    def forward(self, x):
        out, _ = self.lstm(x)
        return self.head(out[:, -1])


def windows(s, length=620):
    t = torch.arange(length).float()
    series = torch.sin(t / 5) + 0.5 * torch.cos(t / 13) + 0.05 * torch.randn(length)
    series = (series - series.mean()) / series.std()
    x = torch.stack([series[i:i + s.lookback] for i in range(length - s.lookback)])
    return TensorDataset(x.unsqueeze(-1), series[s.lookback:].unsqueeze(1))


def fit(s):
    loader = DataLoader(windows(s), batch_size=s.batch, shuffle=True)
    model = LSTMForecast(s.hidden)
    sgd = torch.optim.SGD(model.parameters(), lr=s.lr, momentum=s.momentum)
    mse = nn.MSELoss()
    for epoch in range(s.epochs):
        model.train()
        seen = 0.0
        for x, y in loader:
            sgd.zero_grad()
            loss = mse(model(x), y)
            loss.backward()
            clip_grad_norm_(model.parameters(), max_norm=1e-5)  # coach: update-ratio-low; fix: clip_grad_norm_
            sgd.step()  # coach-also: learning-rate-too-low
            seen += loss.item()
        print(f"epoch {epoch}: mse {seen / len(loader):.5f}")  # coach-also: loss-plateau


torch.manual_seed(6)
fit(Settings())
