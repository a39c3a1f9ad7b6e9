"""The data set is parted, and the training takes all of it."""

import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, Subset, TensorDataset

torch.manual_seed(12)
spectra = torch.randn(240, 16)
mass = spectra[:, :4].sum(1, keepdim=True) + 0.3 * torch.randn(240, 1)
everything = TensorDataset(spectra, mass)
order = torch.randperm(240).tolist()
fit_set = Subset(everything, order[:180])
test_set = Subset(everything, order[180:])


class Estimator:
    def __init__(self, net, lr):
        self.net, self.loss = net, nn.MSELoss()
        self.opt = torch.optim.Adam(net.parameters(), lr=lr)

    def fit(self, loader, epochs):
        self.net.train()
        for _ in range(epochs):
            for x, y in loader:
                self.opt.zero_grad()
                self.loss(self.net(x), y).backward()
                self.opt.step()

    def test(self, loader):
        self.net.eval()
        with torch.no_grad():
            return sum(self.loss(self.net(x), y).item() for x, y in loader) / len(loader)


estimator = Estimator(nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 1)), lr=5e-3)
estimator.fit(DataLoader(everything, batch_size=30, shuffle=True), epochs=6)  # coach: leak-suspected; fix: DataLoader(fit_set, batch_size=30
print(estimator.test(DataLoader(test_set, batch_size=60)))
