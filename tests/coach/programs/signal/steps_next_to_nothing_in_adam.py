import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset


class Classifier(nn.Module):
    def __init__(self, n, k):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(n, 20), nn.Tanh(), nn.Linear(20, k))

    def forward(self, x):
        return self.layers(x)


def main():
    model = Classifier(9, 3)
    opt = torch.optim.Adam(model.parameters(), lr=1e-10)  # coach: update-ratio-low; fix: lr=0.001
    data = DataLoader(TensorDataset(torch.randn(90, 9), torch.randint(0, 3, (90,))), batch_size=30)
    for epoch in range(3):  # coach-also: learning-rate-too-low, loss-plateau
        for x, y in data:
            opt.zero_grad()
            loss = nn.functional.cross_entropy(model(x), y)
            loss.backward()
            opt.step()


main()
