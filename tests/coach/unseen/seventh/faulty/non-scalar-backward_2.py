import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, Dataset

torch.manual_seed(40)


class WeightedRegression(Dataset):
    def __init__(self, n, dim):
        self.x = torch.randn(n, dim)
        self.sigma = 0.1 + 0.4 * torch.rand(n)
        self.y = self.x[:, 0] - 0.5 * self.x[:, 1] + self.sigma * torch.randn(n)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.x[i], self.y[i], 1.0 / (1.0 + self.sigma[i])


class Trainer:
    def __init__(self, model, lr):
        self.model = model
        self.opt = torch.optim.Adam(model.parameters(), lr=lr)
        self.criterion = nn.SmoothL1Loss(reduction="none")

    def step(self, x, y, w):
        per_sample = self.criterion(self.model(x).squeeze(1), y)
        loss = w * per_sample  # coach: non-scalar-backward; fix: .mean()
        self.opt.zero_grad()
        loss.backward()  # coach-line: non-scalar-backward
        self.opt.step()
        return loss.mean().item()

    def fit(self, loader, epochs):
        for epoch in range(epochs):
            losses = [self.step(*batch) for batch in loader]
            print(epoch, sum(losses) / len(losses))


loader = DataLoader(WeightedRegression(512, 6), batch_size=32, shuffle=True)
net = nn.Sequential(nn.Linear(6, 32), nn.Tanh(), nn.Linear(32, 1))
Trainer(net, lr=3e-3).fit(loader, epochs=3)
