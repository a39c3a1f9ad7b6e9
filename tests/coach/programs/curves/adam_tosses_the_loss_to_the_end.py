import gradbook as torch
from gradbook import nn, optim
from gradbook.utils.data import DataLoader, TensorDataset


def make_loader(batch_size=25):
    torch.manual_seed(31)
    centres = torch.randn(5, 20)
    speaker = torch.randint(0, 5, (500,))
    sound = centres[speaker] + 0.9 * torch.randn(500, 20)
    return DataLoader(TensorDataset(sound, speaker), batch_size=batch_size, shuffle=True)


def train(epochs=8):
    loader = make_loader()
    model = nn.Sequential(nn.Linear(20, 40), nn.LeakyReLU(0.2), nn.Linear(40, 5))
    adam = optim.AdamW(model.parameters(), lr=0.2)  # coach: learning-rate-too-high; fix: lr=0.001
    criterion = nn.CrossEntropyLoss()
    for epoch in range(epochs):
        losses = []
        for x, y in loader:
            adam.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            adam.step()
            losses.append(loss.item())
        print(epoch, min(losses), max(losses))


train()  # coach-also: update-ratio-high
