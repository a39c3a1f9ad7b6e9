import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, Dataset


class Unrelated(Dataset):
    def __len__(self):
        return 240

    def __getitem__(self, i):
        return torch.randn(5), torch.randn(1)


def train(model, epochs=3):
    opt = torch.optim.SGD(model.parameters(), lr=2e-4)  # coach: loss-plateau; fix: lr=0.002
    for epoch in range(epochs):
        for x, y in DataLoader(Unrelated(), batch_size=16, shuffle=True):
            opt.zero_grad()
            loss = nn.functional.huber_loss(model(x), y)
            loss.backward()
            opt.step()


train(nn.Sequential(nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 1)))
