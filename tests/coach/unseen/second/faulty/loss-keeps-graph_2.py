import gradbook as torch
from gradbook import nn


class AutoEncoder(nn.Module):
    def __init__(self, dim, code):
        super().__init__()
        self.encoder = nn.Linear(dim, code)
        self.decoder = nn.Linear(code, dim)

    def forward(self, x):
        return self.decoder(torch.tanh(self.encoder(x)))


class Experiment:
    def __init__(self, seed=0):
        torch.manual_seed(seed)
        self.data = torch.randn(128, 2) @ torch.randn(2, 10)
        self.data = self.data / self.data.std()
        self.model = AutoEncoder(10, 4)
        self.optim = torch.optim.Adam(self.model.parameters(), lr=1e-2)
        self.losses = []

    def step(self):
        batch = self.data[torch.randint(0, 128, (32,))]
        self.optim.zero_grad()
        loss = nn.functional.mse_loss(self.model(batch), batch)
        loss.backward()
        self.optim.step()
        self.losses.append(loss)  # coach: loss-keeps-graph; fix: loss.item()

    def run(self, n_steps):
        for k in range(n_steps):
            self.step()
        return self.losses


losses = Experiment().run(50)
print("first", losses[0], "last", losses[-1])
# coach-also: memory-growth
