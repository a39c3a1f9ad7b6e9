import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.f = nn.Linear(5, 4)
        self.g = nn.Linear(4, 4)

    def forward(self, x):
        return self.g(self.f(x) * 0.001)


def main():
    torch.manual_seed(2)
    model = Model()
    loss_fn = nn.CrossEntropyLoss()
    sgd = torch.optim.SGD(model.parameters(), lr=1e-3)  # coach: constant-predictions; fix: lr=1
    data = TensorDataset(torch.randn(160, 5), torch.randint(0, 4, (160,)))
    for epoch in range(5):
        for x, y in DataLoader(data, batch_size=32, shuffle=True):
            sgd.zero_grad()
            loss = loss_fn(model(x), y)
            loss.backward()
            sgd.step()  # coach-also: update-ratio-low, vanishing-gradients


main()
