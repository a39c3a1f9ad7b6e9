"""Two functions train the two halves of a GAN on one batch of fakes."""

import gradbook as torch
import gradbook.nn as nn

generator = nn.Sequential(nn.Linear(5, 16), nn.LeakyReLU(), nn.Linear(16, 2), nn.Tanh())
discriminator = nn.Sequential(nn.Linear(2, 16), nn.LeakyReLU(), nn.Linear(16, 1), nn.Sigmoid())
g_optimizer = torch.optim.RMSprop(generator.parameters(), lr=1e-4)
d_optimizer = torch.optim.RMSprop(discriminator.parameters(), lr=1e-4)
loss = nn.BCELoss()


def train_discriminator(real_data, fake_data):
    n = real_data.size(0)
    d_optimizer.zero_grad()
    prediction_real = discriminator(real_data)
    error_real = loss(prediction_real, torch.ones(n, 1))
    error_real.backward()
    prediction_fake = discriminator(fake_data)  # coach: backward-twice; fix: discriminator(fake_data.detach())
    error_fake = loss(prediction_fake, torch.zeros(n, 1))
    error_fake.backward()
    d_optimizer.step()
    return error_real + error_fake


def train_generator(fake_data):
    g_optimizer.zero_grad()
    prediction = discriminator(fake_data)
    error = loss(prediction, torch.ones(fake_data.size(0), 1))
    error.backward()
    g_optimizer.step()
    return error


for epoch in range(4):
    real = torch.rand(20, 2)
    fake = generator(torch.randn(20, 5))
    d_error = train_discriminator(real, fake)
    g_error = train_generator(fake)
